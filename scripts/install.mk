# make install PREFIX=/usr/local DESTDIR=

"""Writes generated files, or only compares them: what the generators of this folder share."""
import sys


def write_or_check(texts):
    """texts: {path: text}. Writes each file; with --check on the command line exits 1 and names those that differ."""
    stale = []
    for path, text in texts.items():
        if "--check" in sys.argv[1:]:
            try:
                with open(path, encoding="utf-8") as f:
                    if f.read() != text:
                        stale.append(path)
            except OSError:
                stale.append(path)
        else:
            with open(path, "w", encoding="utf-8") as f:
                f.write(text)
    if stale:
        raise SystemExit("out of date, run `make generate`: " + " ".join(stale))

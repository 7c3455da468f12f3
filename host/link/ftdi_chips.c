/* ftdi_chips.c: the table of FTDI's chips, their rates, and the search for one by its serial number. */
#include "ftdi_chips.h"

#include <libusb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const pl_ftdi_chip chips[] = {
    {0x0400, "FT232BM", 1, 0, 384, 0},  {0x0500, "FT2232C", 2, 0, 384, 0},  {0x0600, "FT232R", 1, 0, 256, 0},
    {0x0700, "FT2232H", 2, 1, 4096, 1}, {0x0800, "FT4232H", 4, 1, 2048, 0}, {0x0900, "FT232H", 1, 1, 1024, 1},
    {0x1000, "FT231X", 1, 0, 512, 0}, /* and its sisters of the FT-X series */
};

const pl_ftdi_chip *pl_ftdi_chip_of(uint16_t release) {
  for (size_t i = 0; i < sizeof chips / sizeof *chips; i++)
    if (chips[i].release == release) return &chips[i];
  return NULL;
}

/* ---- Rates: 12 MHz / n (3 MHz / n), n = 1, 1.5, or 2 to 16384 in eighths ---- */

enum { MAX_EIGHTHS = 8 * 16384 - 1 };

static int divisor_exists(const pl_ftdi_chip *chip, uint32_t eighths) {
  /* 3/8 and above 1/2 need a bit that libftdi and Linux send to an FT-X in different places: not used. */
  if (chip->release == 0x1000 && !((eighths & 7) <= 2 || (eighths & 7) == 4)) return 0;
  return eighths == 8 || eighths == 12 || (eighths >= 16 && eighths <= MAX_EIGHTHS);
}

/* The next rate of a whole number of baud from `eighths` on, going up or down in rate; 0: there is none. */
static uint32_t exact_rate(const pl_ftdi_chip *chip, uint32_t base8, uint32_t eighths, int step) {
  for (; eighths >= 8 && eighths <= MAX_EIGHTHS; eighths += (uint32_t)step)
    if (divisor_exists(chip, eighths) && base8 % eighths == 0) return base8 / eighths;
  return 0;
}

pl_status pl_ftdi_rate(const pl_ftdi_chip *chip, uint32_t baud, uint32_t *num, uint32_t *den, pl_error *err) {
  const uint32_t base8 = 8 * (chip->fast ? 12000000u : 3000000u);
  if (baud < 1200) return pl_fail(err, PL_E_INPUT, "a rate of %u baud is too slow; the least is 1200", (unsigned)baud);
  uint32_t best = 8;
  for (uint32_t near = base8 / baud, n = near > 9 ? near - 8 : 8; n <= near + 8; n++) {
    if (!divisor_exists(chip, n)) continue;
    const double off = (double)base8 / n - baud, best_off = (double)base8 / best - baud;
    if (off * off < best_off * best_off) best = n;
  }
  *num = base8;
  *den = best;
  const double off = (double)base8 / best / baud - 1;
  if (off <= 0.005 && off >= -0.005) return PL_OK;
  const uint32_t above = exact_rate(chip, base8, base8 / baud, -1);
  const uint32_t below = exact_rate(chip, base8, base8 / baud < 8 ? 8 : base8 / baud + 1, 1);
  if (!above)
    return pl_fail(err, PL_E_INPUT, "an %s has no rate within 0.5 %% of %u baud; its highest is %u baud", chip->name,
                   (unsigned)baud, (unsigned)below);
  return pl_fail(err, PL_E_INPUT,
                 "an %s has no rate within 0.5 %% of %u baud; the nearest exact ones are %u and %u baud", chip->name,
                 (unsigned)baud, (unsigned)below, (unsigned)above);
}

/* ---- Search ---- */

pl_status pl_ftdi_denied(const char *name, uint16_t product, pl_error *err) {
  return pl_fail(
      err, PL_E_NODEV,
      "no permission to open %s: put this line into /etc/udev/rules.d/60-photolane.rules (the project ships that file "
      "in scripts/), run `udevadm control --reload` as root and plug the board in anew: "
      "SUBSYSTEM==\"usb\", ATTR{idVendor}==\"0403\", ATTR{idProduct}==\"%04x\", MODE=\"0660\", GROUP=\"plugdev\", "
      "TAG+=\"uaccess\"",
      name, product);
}

/* Reads the serial number: needs permission. 0 or an error of libusb. */
static int read_serial(struct libusb_device *device, int index, char serial[64]) {
  struct libusb_device_handle *handle;
  serial[0] = 0;
  const int rc = libusb_open(device, &handle);
  if (rc) return rc;
  if (index && libusb_get_string_descriptor_ascii(handle, (uint8_t)index, (unsigned char *)serial, 64) < 0)
    serial[0] = 0;
  libusb_close(handle);
  return 0;
}

pl_status pl_ftdi_find(struct ftdi_context *ftdi, const char *serial, struct libusb_device **device,
                       pl_ftdi_found *found, pl_error *err) {
  struct ftdi_device_list *list = NULL;
  const int named = serial && *serial;
  *device = NULL;
  if (ftdi_usb_find_all(ftdi, &list, 0, 0) < 0)
    return pl_fail(err, PL_E_NODEV, "cannot look at the USB: %s", ftdi_get_error_string(ftdi));
  char names[300] = "", name[128];
  int seen = 0, matching = 0, unknown = 0;
  uint16_t denied = 0, product = 0;
  char denied_name[128] = "";
  for (struct ftdi_device_list *at = list; at; at = at->next) {
    struct libusb_device_descriptor d;
    pl_ftdi_found this = {0};
    if (libusb_get_device_descriptor(at->dev, &d)) continue;
    this.chip = pl_ftdi_chip_of(d.bcdDevice);
    const int rc = read_serial(at->dev, d.iSerialNumber, this.serial);
    if (rc == LIBUSB_ERROR_NO_DEVICE || rc == LIBUSB_ERROR_NOT_FOUND) continue; /* unplugged meanwhile */
    const char *kind = this.chip ? this.chip->name : "unknown chip";
    if (rc == LIBUSB_ERROR_ACCESS) {
      snprintf(name, sizeof name, "%s at bus %d device %d (no permission)", kind, libusb_get_bus_number(at->dev),
               libusb_get_device_address(at->dev));
      if (!denied)
        snprintf(denied_name, sizeof denied_name, "the %s at bus %d device %d", kind, libusb_get_bus_number(at->dev),
                 libusb_get_device_address(at->dev));
      denied = d.idProduct;
    } else {
      snprintf(name, sizeof name, "%s %s", kind, this.serial[0] ? this.serial : "without a serial number");
    }
    const size_t used = strlen(names);
    snprintf(names + used, sizeof names - used, "%s%s", seen++ ? ", " : "", name);
    if (named && (rc == LIBUSB_ERROR_ACCESS || strcmp(serial, this.serial))) continue;
    matching++;
    *found = this;
    unknown = !this.chip;
    product = rc == LIBUSB_ERROR_ACCESS ? d.idProduct : 0;
    if (*device) libusb_unref_device(*device);
    *device = libusb_ref_device(at->dev);
  }
  ftdi_list_free(&list);

  pl_status status = PL_OK;
  if (!seen) status = pl_fail(err, PL_E_NODEV, "there is no FTDI chip on the USB; plug the board in");
  else if (matching > 1 && named)
    status = pl_fail(err, PL_E_NODEV, "%d FTDI chips have the serial number '%s'; unplug the others", matching, serial);
  else if (matching > 1)
    status = pl_fail(err, PL_E_NODEV, "there are %d FTDI chips; say which with serial=: %s", matching, names);
  else if (!matching && denied) status = pl_ftdi_denied(denied_name, denied, err);
  else if (!matching)
    status = pl_fail(err, PL_E_NODEV, "no FTDI chip has the serial number '%s'; there are: %s", serial, names);
  else if (product) status = pl_ftdi_denied(denied_name, product, err);
  else if (unknown)
    status = pl_fail(err, PL_E_NODEV, "libftdi 1.5 does not know the chip %s; use an FT2232H, FT232H or FT231X", names);
  if (status && *device) {
    libusb_unref_device(*device);
    *device = NULL;
  }
  return status;
}

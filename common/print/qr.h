/*
 * QR codes in a terminal, for activation codes (SGP.22 4.1: "LPA:" in front of the activation code). On
 * libqrencode.
 */
#ifndef SOFTEUICC_COMMON_PRINT_QR_H
#define SOFTEUICC_COMMON_PRINT_QR_H

#include <stdbool.h>
#include <stdio.h>

/* False in a program that was built without libqrencode. */
extern const bool qr_is_built;

/* Draws `text` with half blocks, two rows of modules per line, with the quiet zone that scanners need. False,
 * after the line that says so, when the text does not fit into a QR code or there is no libqrencode. */
bool qr_print(FILE *out, const char *text);

#endif

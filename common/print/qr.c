/* QR codes drawn with UTF-8 half blocks. See qr.h. */
#include "common/print/qr.h"

#include "config.h"

#include "common/tool.h"

#ifdef HAVE_QRENCODE
#include <qrencode.h>

const bool qr_is_built = true;

enum { QUIET_ZONE = 4 }; /* modules, ISO/IEC 18004 9.1 */

static bool is_dark(const QRcode *code, int x, int y)
{
    return x >= 0 && y >= 0 && x < code->width && y < code->width &&
           (code->data[y * code->width + x] & 1) != 0;
}

bool qr_print(FILE *out, const char *text)
{
    /* Light modules are drawn, dark ones are left: the code then shows white on black, whatever the
     * terminal's colours. */
    static const char *const blocks[2][2] = {{" ", "\u2584"}, {"\u2580", "\u2588"}};
    QRcode *code = QRcode_encodeString(text, 0, QR_ECLEVEL_M, QR_MODE_8, 1);

    if (code == NULL) {
        tool_error("cannot draw a QR code of this text");
        return false;
    }
    for (int y = -QUIET_ZONE; y < code->width + QUIET_ZONE; y += 2) {
        fputs("\033[37;40m", out);
        for (int x = -QUIET_ZONE; x < code->width + QUIET_ZONE; x++)
            fputs(blocks[!is_dark(code, x, y)][!is_dark(code, x, y + 1)], out);
        fputs("\033[0m\n", out);
    }
    QRcode_free(code);
    return true;
}

#else

const bool qr_is_built = false;

bool qr_print(FILE *out, const char *text)
{
    (void)out;
    (void)text;
    tool_error("this build has no QR codes (configured --without-qrencode)");
    return false;
}

#endif

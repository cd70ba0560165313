/* AT command lines: see at_line.h. */
#include "device/at/at_line.h"

#include <ctype.h>
#include <string.h>

enum { NUMBER_DIGITS_MAX = 9 };

static void skip_blanks(struct span *in)
{
    while (in->size > 0 && in->data[0] == ' ')
        *in = SPAN(in->data + 1, in->size - 1);
}

/* The first octet; 0: there is none. */
static uint8_t first_octet(struct span in)
{
    return in.size > 0 ? in.data[0] : 0;
}

static uint8_t take_first(struct span *in)
{
    uint8_t octet = first_octet(*in);

    if (in->size > 0)
        *in = SPAN(in->data + 1, in->size - 1);
    return octet;
}

static bool take_octet(struct span *in, uint8_t octet)
{
    if (in->size == 0 || in->data[0] != octet)
        return false;
    take_first(in);
    return true;
}

bool at_line_begin(struct span *line)
{
    skip_blanks(line);
    if (line->size < 2 || toupper(line->data[0]) != 'A' || toupper(line->data[1]) != 'T')
        return false;
    *line = SPAN(line->data + 2, line->size - 2);
    return true;
}

/* --- commands ------------------------------------------------------------------------------------------ */

/* What a name may have behind its first character: V.250 5.4.1, where blanks and "=?;" have their meaning. */
static bool is_name(uint8_t octet)
{
    return isalnum(octet) || (octet != 0 && strchr("!%-./:_", octet) != NULL);
}

static bool add_to_name(struct at_command *command, uint8_t octet)
{
    size_t size = strlen(command->name);

    if (size >= AT_NAME_MAX)
        return false;
    command->name[size] = (char)toupper(octet);
    command->name[size + 1] = '\0';
    return true;
}

/* Up to the ";" that is not in quotes, which is taken and belongs to nobody. */
static struct span take_until_next(struct span *line)
{
    struct span text = SPAN(line->data, 0);
    bool is_quoted = false;

    while (line->size > 0 && (is_quoted || line->data[0] != ';')) {
        is_quoted ^= line->data[0] == '"';
        take_first(line);
        text.size++;
    }
    take_octet(line, ';');
    return text;
}

static struct span trimmed(struct span text)
{
    skip_blanks(&text);
    while (text.size > 0 && text.data[text.size - 1] == ' ')
        text.size--;
    return text;
}

/* +NAME, +NAME?, +NAME=? or +NAME=parameters. */
static bool next_extended(struct span *line, struct at_command *command)
{
    struct span text = take_until_next(line);

    if (!add_to_name(command, take_first(&text)))
        return false;
    while (text.size > 0 && is_name(text.data[0]))
        if (!add_to_name(command, take_first(&text)))
            return false;
    text = trimmed(text);
    command->parameters = SPAN_NONE;
    if (strlen(command->name) < 2)
        return false;
    if (text.size == 0) {
        command->form = AT_EXECUTE;
        return true;
    }
    if (text.size == 1 && text.data[0] == '?') {
        command->form = AT_READ;
        return true;
    }
    if (!take_octet(&text, '='))
        return false;
    text = trimmed(text);
    command->form = text.size == 1 && text.data[0] == '?' ? AT_TEST : AT_SET;
    if (command->form == AT_SET)
        command->parameters = text;
    return true;
}

static struct span take_digits(struct span *line)
{
    struct span digits;

    skip_blanks(line);
    digits = SPAN(line->data, 0);
    while (line->size > 0 && isdigit(line->data[0])) {
        take_first(line);
        digits.size++;
    }
    return digits;
}

/* S3=13, S3?, S3 (which is as good as S3=, V.250 5.3.2). */
static bool next_register(struct span *line, struct at_command *command)
{
    struct span number = take_digits(line);

    if (number.size == 0)
        return false;
    for (size_t i = 0; i < number.size; i++)
        if (!add_to_name(command, number.data[i]))
            return false;
    skip_blanks(line);
    if (take_octet(line, '?')) {
        command->form = AT_READ;
        return true;
    }
    command->form = AT_SET;
    command->parameters = SPAN("", 0);
    if (take_octet(line, '='))
        command->parameters = take_digits(line);
    return true;
}

/* A letter, with "&" before it or not, and a number that may be left out. D has the rest of the line. */
static bool next_basic(struct span *line, struct at_command *command)
{
    if (first_octet(*line) == '&')
        add_to_name(command, take_first(line));
    skip_blanks(line);
    if (!isalpha(first_octet(*line)))
        return false;
    add_to_name(command, take_first(line));
    if (strcmp(command->name, "S") == 0)
        return next_register(line, command);
    command->parameters = take_digits(line);
    if (strcmp(command->name, "D") == 0) {
        command->parameters = SPAN(command->parameters.data, command->parameters.size + line->size);
        *line = SPAN(line->data + line->size, 0);
    }
    command->form = command->parameters.size > 0 ? AT_SET : AT_EXECUTE;
    return true;
}

static bool is_extended(uint8_t first)
{
    return first != 0 && strchr("+#%$^!*", first) != NULL;
}

/* What is no command stays where it is, so that a line that ends with it does not look like one that is done.
 */
bool at_line_next(struct span *line, struct at_command *command)
{
    struct span rest;

    memset(command, 0, sizeof(*command));
    command->parameters = SPAN_NONE;
    skip_blanks(line);
    if (line->size == 0)
        return false;
    rest = *line;
    if (!(is_extended(first_octet(rest)) ? next_extended(&rest, command) : next_basic(&rest, command)))
        return false;
    *line = rest;
    return true;
}

/* --- parameters ---------------------------------------------------------------------------------------- */

static bool take_string(struct span *text, struct at_parameter *parameter)
{
    const uint8_t *end = memchr(text->data, '"', text->size);

    if (end == NULL)
        return false;
    parameter->text = SPAN(text->data, (size_t)(end - text->data));
    parameter->is_string = true;
    *text = SPAN(end + 1, text->size - parameter->text.size - 1);
    skip_blanks(text);
    return text->size == 0 || text->data[0] == ',';
}

static bool take_parameter(struct span *text, struct at_parameter *parameter)
{
    const uint8_t *end;
    size_t size;

    *parameter = (struct at_parameter){SPAN(text->data, 0), false};
    skip_blanks(text);
    if (take_octet(text, '"'))
        return take_string(text, parameter);
    end = text->size > 0 ? memchr(text->data, ',', text->size) : NULL;
    size = end != NULL ? (size_t)(end - text->data) : text->size;
    parameter->text = trimmed(SPAN(text->data, size));
    *text = SPAN(text->data + size, text->size - size);
    return true;
}

bool at_parameters_read(struct span text, struct at_parameters *parameters)
{
    parameters->count = 0;
    if (text.size == 0)
        return true;
    do {
        if (parameters->count == AT_PARAMETERS_MAX ||
            !take_parameter(&text, &parameters->items[parameters->count]))
            return false;
        parameters->count++;
    } while (take_octet(&text, ','));
    return true;
}

bool at_parameter_is_there(const struct at_parameters *parameters, size_t index)
{
    return index < parameters->count &&
           (parameters->items[index].text.size > 0 || parameters->items[index].is_string);
}

bool at_parameter_number(const struct at_parameters *parameters, size_t index, uint32_t min, uint32_t max,
                         uint32_t *value)
{
    struct span text;
    uint32_t number = 0;

    if (!at_parameter_is_there(parameters, index) || parameters->items[index].is_string)
        return false;
    text = parameters->items[index].text;
    if (text.size > NUMBER_DIGITS_MAX)
        return false;
    for (size_t i = 0; i < text.size; i++) {
        if (!isdigit(text.data[i]))
            return false;
        number = number * 10 + (uint32_t)(text.data[i] - '0');
    }
    if (number < min || number > max)
        return false;
    *value = number;
    return true;
}

static bool read_digit(uint8_t octet, uint8_t *value)
{
    if (!isxdigit(octet))
        return false;
    *value = (uint8_t)(isdigit(octet) ? octet - '0' : toupper(octet) - 'A' + 10);
    return true;
}

bool at_parameter_hex(const struct at_parameters *parameters, size_t index, struct buf *octets)
{
    struct span text;
    uint8_t high, low;

    if (!at_parameter_is_there(parameters, index))
        return false;
    text = parameters->items[index].text;
    if (text.size % 2 != 0)
        return false;
    for (size_t i = 0; i < text.size; i += 2) {
        if (!read_digit(text.data[i], &high) || !read_digit(text.data[i + 1], &low))
            return false;
        buf_append_octet(octets, (uint8_t)(high << 4 | low));
    }
    return !octets->failed;
}

bool at_parameter_text(const struct at_parameters *parameters, size_t index, char *text, size_t size)
{
    struct span found;

    if (!at_parameter_is_there(parameters, index))
        return false;
    found = parameters->items[index].text;
    if (found.size >= size || memchr(found.data, '\0', found.size) != NULL)
        return false;
    memcpy(text, found.data, found.size);
    text[found.size] = '\0';
    return true;
}

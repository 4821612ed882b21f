/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cg/note.h"

#include <assert.h>
#include <inttypes.h>
#include <string.h>

#include "cg/base64.h"
#include "lines.h"
#include "note_name.h"
#include "utf8.h"

/* What a signature line begins with: U+2014 EM DASH; a space follows. */
static const char dash[] = "\xe2\x80\x94";

enum { KEY_ID_SIZE = 4, TIMESTAMP_SIZE = 8, COSIGNATURE_SIZE = TIMESTAMP_SIZE + CG_ED25519_SIGNATURE_SIZE };

int cg_note_check_text(const char *text, size_t size, struct cg_error *err)
{
    if (size == 0 || text[size - 1] != '\n')
        return cg_fail(err, CG_E_FORM, "the text of a note ends in a newline");
    for (size_t i = 0; i < size;) {
        uint32_t character;
        size_t length = cg_utf8_decode(text + i, size - i, &character);
        if (length == 0)
            return cg_fail(err, CG_E_FORM, "byte %zu of the note is 0x%02x, which is not UTF-8", i,
                           (unsigned)(unsigned char)text[i]);
        if (character < 0x20 && character != '\n')
            return cg_fail(err, CG_E_FORM, "byte %zu of the note is the control character 0x%02x", i,
                           (unsigned)character);
        i += length;
    }
    return 0;
}

/* Appends what a key of this type signs (tlog-cosignature "Ed25519 signed message"). */
static int put_message(enum cg_note_type type, uint64_t timestamp, const char *text, size_t size,
                       struct cg_bytes *message, struct cg_error *err)
{
    if (type == CG_NOTE_COSIGNATURE &&
        cg_bytes_printf(message, err, "cosignature/v1\ntime %" PRIu64 "\n", timestamp) < 0)
        return -1;
    return cg_bytes_append(message, text, size, err);
}

static void write_timestamp(uint64_t timestamp, unsigned char bytes[TIMESTAMP_SIZE])
{
    for (unsigned i = 0; i < TIMESTAMP_SIZE; i++)
        bytes[i] = (unsigned char)(timestamp >> (56 - 8 * i));
}

static uint64_t read_timestamp(const unsigned char bytes[TIMESTAMP_SIZE])
{
    uint64_t timestamp = 0;
    for (unsigned i = 0; i < TIMESTAMP_SIZE; i++)
        timestamp = timestamp << 8 | bytes[i];
    return timestamp;
}

int cg_note_sign(const struct cg_note_signer *signer, const char *text, size_t size, uint64_t timestamp,
                 struct cg_bytes *lines, struct cg_error *err)
{
    const struct cg_note_verifier *verifier = cg_note_signer_verifier(signer);
    CG_AUTO_BYTES struct cg_bytes message = {0}, line = {0};
    if (cg_note_check_text(text, size, err) < 0 ||
        put_message(verifier->type, timestamp, text, size, &message, err) < 0)
        return -1;

    unsigned char blob[KEY_ID_SIZE + COSIGNATURE_SIZE];
    size_t used = KEY_ID_SIZE;
    cg_note_write_id(verifier->key_id, blob);
    if (verifier->type == CG_NOTE_COSIGNATURE) {
        write_timestamp(timestamp, blob + used);
        used += TIMESTAMP_SIZE;
    }
    if (cg_ed25519_sign(cg_note_signer_key(signer), message.data, message.size, blob + used, err) < 0)
        return -1;
    used += CG_ED25519_SIGNATURE_SIZE;

    if (cg_bytes_printf(&line, err, "%s %s ", dash, verifier->name) < 0 ||
        cg_base64_encode(blob, used, &line, err) < 0 || cg_bytes_append(&line, "\n", 1, err) < 0)
        return -1;
    return cg_bytes_append(lines, line.data, line.size, err);
}

static int bad_line(size_t number, const char *why, struct cg_error *err)
{
    return cg_fail(err, CG_E_FORM, "signature line %zu of the note: %s", number, why);
}

/* Reads one signature line into the note's next signature; names and bytes go to its memory, which does not move. */
static int read_signature(struct cg_line line, struct cg_note *note, struct cg_error *err)
{
    size_t number = note->signature_count + 1;
    if (number > CG_NOTE_SIGNATURES_MAX)
        return cg_fail(err, CG_E_LIMIT, "the note has more than %u signatures", CG_NOTE_SIGNATURES_MAX);
    const char *space;
    if (!cg_line_take_word(&line, dash) || !(space = memchr(line.text, ' ', line.size)))
        return bad_line(number, "expected an em dash, a name and base64", err);
    size_t name_size = (size_t)(space - line.text);
    if (!cg_note_name_is_good(line.text, name_size))
        return bad_line(number, "the name is empty, too long or has a space, control or plus", err);

    struct cg_bytes *memory = &note->memory_;
    struct cg_note_signature *signature = &note->signatures[note->signature_count];
    struct cg_error base64_error = {0};
    signature->name = memory->data + memory->size;
    if (cg_bytes_append(memory, line.text, name_size, err) < 0 || cg_bytes_append(memory, "", 1, err) < 0)
        return -1;
    size_t begin = memory->size;
    if (cg_base64_decode(space + 1, line.size - name_size - 1, memory, &base64_error) < 0)
        return bad_line(number, base64_error.message, err);
    const unsigned char *blob = (const unsigned char *)memory->data + begin;
    if (memory->size - begin <= KEY_ID_SIZE)
        return bad_line(number, "no signature follows the key id", err);
    signature->key_id = cg_note_read_id(blob);
    signature->bytes = blob + KEY_ID_SIZE;
    signature->size = memory->size - begin - KEY_ID_SIZE;
    note->signature_count++;
    return 0;
}

/* The size of the text, which the last empty line ends; 0 when there is none. */
static size_t text_size_of(const char *data, size_t size)
{
    for (size_t i = size; i >= 2; i--)
        if (data[i - 1] == '\n' && data[i - 2] == '\n')
            return i - 1;
    return 0;
}

int cg_note_parse(const char *data, size_t size, struct cg_note *note, struct cg_error *err)
{
    if (size > CG_NOTE_SIZE_MAX)
        return cg_fail(err, CG_E_LIMIT, "a note of %zu bytes, at most %u are read", size, CG_NOTE_SIZE_MAX);
    if (cg_note_check_text(data, size, err) < 0)
        return -1;
    CG_AUTO_NOTE struct cg_note made = {.text_size = text_size_of(data, size)};
    struct cg_lines lines = {data + made.text_size + 1, size - made.text_size - 1};
    if (made.text_size == 0 || lines.left == 0)
        return cg_fail(err, CG_E_FORM, "the note has no signatures below an empty line");

    /* A line holds more than the name, its NUL and the bytes that are kept of it, so this is room for all. */
    made.signatures = calloc(CG_NOTE_SIGNATURES_MAX, sizeof *made.signatures);
    if (!made.signatures)
        return cg_fail_memory(err);
    if (cg_bytes_reserve(&made.memory_, size + 1, err) < 0 ||
        cg_bytes_append(&made.memory_, data, made.text_size, err) < 0 || cg_bytes_append(&made.memory_, "", 1, err) < 0)
        return -1;
    made.text = made.memory_.data;
    while (lines.left > 0) {
        struct cg_line line;
        if (cg_lines_take(&lines, "the note", "a signature line", &line, err) < 0 ||
            read_signature(line, &made, err) < 0)
            return -1;
    }
    assert(made.text == made.memory_.data);
    *note = CG_MOVE(made);
    return 0;
}

/* Is the signature, which bears the verifier's name and key id, the verifier's? */
static int verify_signature(const struct cg_note *note, const struct cg_note_signature *signature,
                            const struct cg_note_verifier *verifier, struct cg_note_verdict *verdict,
                            struct cg_error *err)
{
    bool timed = verifier->type == CG_NOTE_COSIGNATURE;
    size_t expected = timed ? COSIGNATURE_SIZE : CG_ED25519_SIGNATURE_SIZE;
    if (signature->size != expected)
        return cg_fail(err, CG_E_SIGNATURE, "the signature of %s has %zu bytes, expected %zu", verifier->name,
                       signature->size, expected);
    uint64_t timestamp = timed ? read_timestamp(signature->bytes) : 0;
    if (timestamp > INT64_MAX)
        return cg_fail(err, CG_E_SIGNATURE, "the cosignature of %s is of a time above 2^63 - 1", verifier->name);
    CG_AUTO_BYTES struct cg_bytes message = {0};
    if (put_message(verifier->type, timestamp, note->text, note->text_size, &message, err) < 0)
        return -1;

    struct cg_error failure = {0};
    const unsigned char *bytes = signature->bytes + (timed ? TIMESTAMP_SIZE : 0);
    if (cg_ed25519_verify(verifier->public_key, message.data, message.size, bytes, &failure) < 0)
        return cg_fail(err, failure.code, "signature of %s: %s", verifier->name, failure.message);
    verdict->verified = true;
    if (timestamp > verdict->timestamp)
        verdict->timestamp = timestamp;
    return 0;
}

int cg_note_verify(const struct cg_note *note, const struct cg_note_verifier *verifiers, size_t count,
                   struct cg_note_verdict *verdicts, struct cg_error *err)
{
    for (size_t v = 0; v < count; v++) {
        verdicts[v] = (struct cg_note_verdict){0};
        for (size_t i = 0; i < note->signature_count; i++) {
            const struct cg_note_signature *signature = &note->signatures[i];
            if (signature->key_id == verifiers[v].key_id && strcmp(signature->name, verifiers[v].name) == 0 &&
                verify_signature(note, signature, &verifiers[v], &verdicts[v], err) < 0)
                return -1;
        }
    }
    return 0;
}

void cg_note_finish(struct cg_note *note)
{
    free(note->signatures);
    cg_bytes_finish(&note->memory_);
    *note = (struct cg_note){0};
}

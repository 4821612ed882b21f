/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* _GNU_SOURCE: memrchr(3). */
#define _GNU_SOURCE
#include "libcg/purl.h"

#include "cg/nvr.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

const char *purl_text(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));
    return text ? text : "";
}

const char *purl_epoch(const json_t *component, char text[PURL_EPOCH_SIZE])
{
    const json_t *epoch = json_object_get(component, "epoch");
    const char *digits = json_string_value(epoch);
    if (json_is_integer(epoch)) {
        snprintf(text, PURL_EPOCH_SIZE, "%" JSON_INTEGER_FORMAT, json_integer_value(epoch));
        return text;
    }
    bool is_number = digits && *digits && strspn(digits, "0123456789") == strlen(digits);
    return is_number ? digits : "";
}

/* Percent-encodes all but what purl-spec leaves as it is: letters, digits, "-._~", and what is in `also`. */
static int append_encoded(struct cg_bytes *out, const char *text, size_t size, const char *also, struct cg_error *err)
{
    for (size_t i = 0; i < size; i++) {
        unsigned char c = (unsigned char)text[i];
        bool is_plain = c < 0x80 && (isalnum(c) || strchr("-._~", c) || strchr(also, c));
        if (cg_bytes_printf(out, err, is_plain ? "%c" : "%%%02X", c) != 0)
            return -1;
    }
    return 0;
}

/* "?key=value" or "&key=value"; nothing for an empty value. */
static int append_qualifier(struct cg_bytes *out, const char *key, const char *value, size_t size, struct cg_error *err)
{
    if (size == 0)
        return 0;
    const char *first = memchr(out->data, '?', out->size) ? "&" : "?";
    if (cg_bytes_printf(out, err, "%s%s=", first, key) != 0)
        return -1;
    return append_encoded(out, value, size, "/:", err);
}

static int append_text(struct cg_bytes *out, const char *before, const char *text, struct cg_error *err)
{
    if (cg_bytes_append_text(out, before, err) != 0)
        return -1;
    return append_encoded(out, text, strlen(text), ":", err);
}

/* "PLACE/NAME@VERSION-RELEASE" of whatever has these three. */
static int append_nvr(struct cg_bytes *out, const char *place, const json_t *of, struct cg_error *err)
{
    return append_text(out, place, purl_text(of, "name"), err) != 0 ||
                   append_text(out, "@", purl_text(of, "version"), err) != 0 ||
                   append_text(out, "-", purl_text(of, "release"), err) != 0
               ? -1
               : 0;
}

int purl_build(const json_t *facts, struct cg_bytes *out, struct cg_error *err)
{
    return append_nvr(out, "pkg:generic/", facts, err);
}

/* --- components ----------------------------------------------------------------------------------------------------
 */

static int rpm_purl(const json_t *component, struct cg_bytes *out, struct cg_error *err)
{
    char epoch[PURL_EPOCH_SIZE];
    const char *arch = purl_text(component, "arch"), *number = purl_epoch(component, epoch);
    if (append_nvr(out, "pkg:rpm/", component, err) != 0 || append_qualifier(out, "arch", arch, strlen(arch), err) != 0)
        return -1;
    return append_qualifier(out, "epoch", number, strlen(number), err);
}

/* A kojifile is its build's package; a file, nobody's. */
static int file_purl(const json_t *component, struct cg_bytes *out, struct cg_error *err)
{
    const char *filename = purl_text(component, "filename"), *kind = purl_text(component, "checksum_type");
    CG_AUTO_NVR struct cg_nvr nvr = {0};
    CG_AUTO_BYTES struct cg_bytes checksum = {0};
    bool is_built = cg_nvr_parse(purl_text(component, "nvr"), &nvr, NULL) == 0;
    const char *name = is_built ? nvr.name : filename;
    /* The directories of a file's name are its namespace. */
    if (cg_bytes_append_text(out, "pkg:generic/", err) != 0 ||
        append_encoded(out, name, strlen(name), is_built ? ":" : ":/", err) != 0)
        return -1;
    if (is_built && (append_text(out, "@", nvr.version, err) != 0 || append_text(out, "-", nvr.release, err) != 0))
        return -1;
    if (*kind && cg_bytes_printf(&checksum, err, "%s:%s", kind, purl_text(component, "checksum")) != 0)
        return -1;
    if (append_qualifier(out, "checksum", cg_bytes_text(&checksum), checksum.size, err) != 0)
        return -1;
    return is_built ? append_qualifier(out, "file_name", filename, strlen(filename), err) : 0;
}

int purl_component(const json_t *component, struct cg_bytes *out, struct cg_error *err)
{
    bool is_rpm = strcmp(purl_text(component, "type"), "rpm") == 0;
    return is_rpm ? rpm_purl(component, out, err) : file_purl(component, out, err);
}

/* --- images --------------------------------------------------------------------------------------------------------
 */

size_t purl_repository_size(const char *pullspec)
{
    size_t size = strcspn(pullspec, "@");
    const char *slash = memrchr(pullspec, '/', size);
    const char *name = slash ? slash + 1 : pullspec;
    const char *colon = memchr(name, ':', size - (size_t)(name - pullspec));
    return colon ? (size_t)(colon - pullspec) : size;
}

int purl_image(const char *pullspec, const char *digest, const char *arch, struct cg_bytes *out, struct cg_error *err)
{
    size_t size = purl_repository_size(pullspec);
    const char *slash = memrchr(pullspec, '/', size);
    const char *name = slash ? slash + 1 : pullspec;
    const char *tag = pullspec[size] == ':' ? pullspec + size + 1 : "";
    if (cg_bytes_append_text(out, "pkg:oci/", err) != 0)
        return -1;
    for (const char *c = name; c < pullspec + size; c++)
        if (append_encoded(out, (char[]){(char)tolower((unsigned char)*c), '\0'}, 1, "", err) != 0)
            return -1;
    if (digest && append_text(out, "@", digest, err) != 0)
        return -1;
    if (arch && append_qualifier(out, "arch", arch, strlen(arch), err) != 0)
        return -1;
    if (slash && append_qualifier(out, "repository_url", pullspec, size, err) != 0)
        return -1;
    return append_qualifier(out, "tag", tag, strcspn(tag, "@"), err);
}

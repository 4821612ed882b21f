/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* GET of /v1/imports, one import, its log lines and its metadata. */
#include "content/spool.h"
#include "intake/parameter.h"
#include "intake/refusal.h"
#include "intake/representation.h"
#include "intake/resources.h"
#include "intake/visible.h"
#include "store/import_log.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define LIMIT_DEFAULT 50
#define LIMIT_MAX 500
#define GLOB_MAX 512

/* --- lists ---------------------------------------------------------------------------------------------------------
 */

static int read_text(const struct intake_request *request, const char *name, const char **value, struct cg_error *err)
{
    *value = intake_query(request, name);
    size_t size = *value ? strlen(*value) : 1;
    if (size == 0 || size > GLOB_MAX)
        return cg_fail(err, CG_E_USAGE, "%s has %zu bytes, expected 1 to %d", name, size, GLOB_MAX);
    return 0;
}

static int read_state(const struct intake_request *request, struct store_filter *filter, struct cg_error *err)
{
    const char *state = intake_query(request, "state");
    filter->state = state ? store_state_from_name(state) : -1;
    if (state && filter->state < 0)
        return cg_fail(err, CG_E_USAGE,
                       "state is \"%.40s\", expected receiving, queued, running, held, imported, rejected or canceled",
                       state);
    return 0;
}

static int read_page(const struct intake_request *request, struct store_filter *filter, struct cg_error *err)
{
    uint64_t limit = LIMIT_DEFAULT;
    const char *text = intake_query(request, "limit");
    if (text && parameter_number("limit", text, 1, LIMIT_MAX, &limit, err) != 0)
        return -1;
    filter->limit = (unsigned)limit;
    filter->after = intake_query(request, "after");
    if (filter->after && !store_is_id(filter->after))
        return cg_fail(err, CG_E_USAGE, "after is \"%.80s\", expected the id of an import", filter->after);
    return 0;
}

static int read_filter(const struct intake_request *request, struct store_filter *filter, struct cg_error *err)
{
    const char *since = intake_query(request, "since"), *until = intake_query(request, "until");
    if (since && parameter_time("since", since, &filter->since, err) != 0)
        return -1;
    if (until && parameter_time("until", until, &filter->until, err) != 0)
        return -1;
    if (read_text(request, "nvr", &filter->nvr, err) != 0 || read_text(request, "hub", &filter->hub, err) != 0 ||
        read_text(request, "content_generator", &filter->content_generator, err) != 0)
        return -1;
    return read_state(request, filter, err) != 0 ? -1 : read_page(request, filter, err);
}

/* Appends "&name=value" with what a URL does not hold as it is percent-encoded. */
static int add_query(struct cg_bytes *url, const char *name, const char *value, struct cg_error *err)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~:";
    if (!value)
        return 0;
    if (cg_bytes_printf(url, err, "&%s=", name) != 0)
        return -1;
    for (; *value; value++)
        if (cg_bytes_printf(url, err, strchr(plain, *value) ? "%c" : "%%%02X", (unsigned char)*value) != 0)
            return -1;
    return 0;
}

/* Link: <...>; rel="next" with the same filter. */
static int link_next(struct intake_request *request, const char *base, const struct store_filter *filter,
                     const char *after, struct cg_error *err)
{
    static const char *const names[] = {"state", "nvr", "content_generator", "hub", "since", "until"};
    CG_AUTO_BYTES struct cg_bytes link = {0};
    if (cg_bytes_printf(&link, err, "<%s/v1/imports?limit=%u", base, filter->limit) != 0)
        return -1;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (add_query(&link, names[i], intake_query(request, names[i]), err) != 0)
            return -1;
    if (cg_bytes_printf(&link, err, "&after=%s>; rel=\"next\"", after) != 0)
        return -1;
    intake_set_header(request, "Link", cg_bytes_text(&link));
    return 0;
}

static json_t *page(struct intake_request *request, const struct store_filter *filter,
                    const struct store_import *imports, size_t count, struct cg_error *err)
{
    char base[REPRESENTATION_BASE_SIZE];
    representation_base(request, base);
    CG_AUTO_JSON json_t *list = json_array();
    for (size_t i = 0; i < count; i++)
        if (json_array_append_new(list, representation_import(base, &imports[i], REPRESENTATION_LISTED, err)) != 0)
            return cg_fail_memory(err), NULL;
    const char *next = count == filter->limit ? imports[count - 1].id : NULL;
    if (next && link_next(request, base, filter, next, err) != 0)
        return NULL;
    json_t *json = json_pack("{s:O, s:s?}", "imports", list, "next", next);
    if (!json)
        cg_fail_memory(err);
    return json;
}

static void list_end(struct intake_request *request, void *state)
{
    (void)state;
    struct cg_error err = {0};
    struct store_filter filter = {0};
    struct store_import *imports = NULL;
    size_t count = 0;
    json_t *json = NULL;
    if (read_filter(request, &filter, &err) == 0 &&
        store_import_list(intake_options(request)->store, &filter, visible_scope(request), &imports, &count, &err) == 0)
        json = page(request, &filter, imports, count, &err);
    store_imports_free(imports, count);
    if (json)
        intake_answer_json(request, 200, json);
    else
        intake_fail(request, &err, NULL);
}

const struct intake_handler intake_imports_list = {.end = list_end};

/* --- one -----------------------------------------------------------------------------------------------------------
 */

static void get_end(struct intake_request *request, void *state)
{
    (void)state;
    struct store_import import = {0};
    if (visible_import(request, visible_scope(request), &import) != 0)
        return;
    representation_answer(request, 200, &import, REPRESENTATION_NO_POST);
    store_import_finish(&import);
}

const struct intake_handler intake_import_get = {.end = get_end};

/* --- its log lines -------------------------------------------------------------------------------------------------
 */

static void log_end(struct intake_request *request, void *state)
{
    (void)state;
    struct cg_error err = {0};
    struct store_import import = {0};
    json_t *lines;
    if (visible_import(request, visible_scope(request), &import) != 0)
        return;
    if (store_log_get(intake_options(request)->store, import.id, &lines, &err) == 0)
        intake_answer_json(request, 200, lines);
    else
        intake_fail(request, &err, NULL);
    store_import_finish(&import);
}

const struct intake_handler intake_import_log = {.end = log_end};

/* --- its metadata --------------------------------------------------------------------------------------------------
 */

#define PIECE_SIZE (64U * 1024U)

static int next_piece(void *state, struct cg_bytes *out)
{
    int *fd = state;
    struct cg_error ignored = {0};
    if (cg_bytes_reserve(out, PIECE_SIZE, &ignored) != 0)
        return 0;
    ssize_t got;
    do
        got = read(*fd, out->data + out->size, PIECE_SIZE);
    while (got < 0 && errno == EINTR);
    if (got <= 0)
        return 0;
    out->size += (size_t)got;
    out->data[out->size] = '\0';
    return 1;
}

static void close_document(void *state)
{
    int *fd = state;
    close(*fd);
    free(fd);
}

static const struct intake_stream document_stream = {next_piece, close_document, 0};

/* Opens the document of an import for sending. NULL: the request was answered. */
static int *open_document(struct intake_request *request, const struct store_import *import)
{
    struct cg_error err = {0};
    struct refusal refusal = {0};
    uint64_t size_bytes;
    int *fd = malloc(sizeof *fd);
    if (!fd) {
        cg_fail_memory(&err);
        intake_fail(request, &err, NULL);
        return NULL;
    }
    *fd = spool_content_open(intake_options(request)->spool, import->metadata_sha256, &size_bytes, &err);
    if (*fd >= 0)
        return fd;
    free(fd);
    bool is_over =
        import->state == STORE_IMPORTED || import->state == STORE_REJECTED || import->state == STORE_CANCELED;
    if (is_over && err.code == CG_E_IO) {
        cg_error_clear(&err);
        cg_fail(&err, CG_E_USAGE, "the import is %s and its document was let go of", store_state_name(import->state));
        refusal.status = 410;
    } else {
        refusal_of_content(&refusal, &err);
    }
    refusal_answer(request, &refusal, &err);
    return NULL;
}

static void metadata_end(struct intake_request *request, void *state)
{
    (void)state;
    struct store_import import = {0};
    if (visible_import(request, visible_scope(request), &import) != 0)
        return;
    int *fd = open_document(request, &import);
    if (fd)
        intake_answer_stream(request, "application/json", &document_stream, fd);
    store_import_finish(&import);
}

const struct intake_handler intake_import_metadata = {.end = metadata_end};

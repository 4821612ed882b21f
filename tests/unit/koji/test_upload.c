/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* memfd_create: a source file that needs no name. */
#define _GNU_SOURCE
#include "koji/upload.h"
#include "scripted_hub.h"
#include "unit.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define KEY "2-KEYofTheFirstSession"
#define NEW_KEY "2-KEYafterTheRenewal00"

/* A hub with one upload, and what is to go wrong with it. */
struct scene {
    struct scripted_hub *hub;
    struct koji_profile profile;
    struct stop stop;
    struct koji_session *session;
    struct koji_lane *lane;
    char notes[8192];
    struct cg_error err;
    /* The source. */
    int fd;
    const char *content;
    size_t size;
    struct koji_upload upload;
    /* The hub's copy; NULL: there is none. */
    char *stored;
    size_t stored_size;
    /* Faults. */
    size_t limit;          /* larger bodies are answered with 413; 0: none */
    size_t cut_at[4];      /* the n-th upload is cut after so many bytes; 0: it is not */
    unsigned locked;       /* so many checkUploads meet a lock */
    unsigned wrong_digest; /* so many uploads are answered with a wrong digest */
    unsigned wrong_offset; /* so many uploads are answered with another offset */
    unsigned lost_answers; /* so many uploads are carried out and their answer is lost */
    unsigned expired;      /* so many uploads meet an expired session */
    int fault;             /* all uploads are answered with it; 0: none */
    bool stop_now;         /* a stop is asked for when an upload comes */
    unsigned uploads;
    unsigned looks;
};

static bool is_upload(const struct scripted_request *request)
{
    char type[64] = "";
    scripted_header(request, "Content-Type", type, sizeof type);
    return strcmp(type, "application/octet-stream") == 0;
}

static unsigned long long query_number(const struct scripted_request *request, const char *name)
{
    const char *found = strstr(request->head, name);
    return found ? strtoull(found + strlen(name), NULL, 10) : 0;
}

/* As kojihub.py handle_upload of the releases: the file is cut at the offset, then written. */
static void store(struct scene *scene, size_t offset, const char *data, size_t size)
{
    scene->stored = realloc(scene->stored, offset + size + 1);
    assert_non_null(scene->stored);
    memcpy(scene->stored + offset, data, size);
    scene->stored_size = offset + size;
}

static void sha256_of(const char *data, size_t size, char sha256[65])
{
    struct cg_digests digests;
    struct cg_digest *digest = cg_digest_create(CG_DIGEST_SHA256, NULL);
    cg_digest_update(digest, data, size, NULL);
    cg_digest_read(digest, &digests, NULL);
    cg_digest_destroy(digest);
    memcpy(sha256, digests.sha256, sizeof digests.sha256);
}

static struct scripted_plan plan(void *context, size_t index, const struct scripted_request *request)
{
    struct scene *scene = context;
    char length[32] = "0";
    (void)index;
    if (!is_upload(request))
        return (struct scripted_plan){SCRIPT_READ, 0};
    scripted_header(request, "Content-Length", length, sizeof length);
    unsigned n = scene->uploads++;
    if (scene->stop_now)
        stop_request(&scene->stop);
    if (scene->limit > 0 && strtoull(length, NULL, 10) > scene->limit)
        return (struct scripted_plan){SCRIPT_REFUSE, 0};
    if (n < 4 && scene->cut_at[n] > 0) {
        size_t offset = query_number(request, "&offset=");
        store(scene, offset, scene->content + offset, scene->cut_at[n]);
        return (struct scripted_plan){SCRIPT_CUT, scene->cut_at[n]};
    }
    return (struct scripted_plan){SCRIPT_READ, 0};
}

static void answer_upload(struct scene *scene, const struct scripted_request *request, struct scripted_reply *reply)
{
    char sha256[65], value[512];
    size_t offset = query_number(request, "&offset=");
    char length[32] = "0";
    scripted_header(request, "Content-Length", length, sizeof length);
    if (scene->limit > 0 && strtoull(length, NULL, 10) > scene->limit) {
        reply->status = 413;
        reply->headers = "Connection: close\r\n";
        return;
    }
    if (scene->expired > 0) {
        scene->expired--;
        scripted_fault(reply, 1007, "session \"8\" has expired");
        return;
    }
    if (scene->fault) {
        scripted_fault(reply, scene->fault, "Invalid upload filename: .x");
        return;
    }
    store(scene, offset, request->body, request->body_size);
    sha256_of(request->body, request->body_size, sha256);
    if (scene->wrong_digest > 0) {
        scene->wrong_digest--;
        memset(sha256, '0', 64);
        if (scene->stored_size > 0)
            scene->stored[0] ^= 1;
    }
    if (scene->wrong_offset > 0) {
        scene->wrong_offset--;
        offset++;
    }
    if (scene->lost_answers > 0) {
        scene->lost_answers--;
        reply->kind = SCRIPT_RESET;
    }
    snprintf(value, sizeof value,
             "<struct><member><name>size</name><value><int>%zu</int></value></member><member><name>fileverify</name>"
             "<value><string>sha256</string></value></member><member><name>offset</name><value><int>%zu</int></value>"
             "</member><member><name>hexdigest</name><value><string>%s</string></value></member></struct>",
             request->body_size, offset, sha256);
    scripted_value(reply, value);
}

static void answer_look(struct scene *scene, const struct scripted_request *request, struct scripted_reply *reply)
{
    char sha256[65] = "", value[512], sums[256] = "";
    scene->looks++;
    if (scene->locked > 0) {
        scene->locked--;
        scripted_fault(reply, 1001, "[Errno 11] Resource temporarily unavailable");
        return;
    }
    if (!scene->stored) {
        scripted_value(reply, "<nil/>");
        return;
    }
    if (strstr(request->body, "<name>verify</name>")) {
        sha256_of(scene->stored, scene->stored_size, sha256);
        snprintf(sums, sizeof sums,
                 "<member><name>sumlength</name><value><int>%zu</int></value></member><member><name>hexdigest</name>"
                 "<value><string>%s</string></value></member>",
                 scene->stored_size, sha256);
    }
    snprintf(value, sizeof value,
             "<struct><member><name>size</name><value><int>%zu</int></value></member><member><name>mtime</name><value>"
             "<double>1795423842.193056</double></value></member>%s</struct>",
             scene->stored_size, sums);
    scripted_value(reply, value);
}

static void answer(void *context, size_t index, const struct scripted_request *request, struct scripted_reply *reply)
{
    struct scene *scene = context;
    char method[64];
    (void)index;
    if (is_upload(request)) {
        answer_upload(scene, request, reply);
        return;
    }
    scripted_method(request, method, sizeof method);
    if (strcmp(method, "login") == 0)
        scripted_session(reply, 8, strstr(request->body, "renew") ? NEW_KEY : KEY, true);
    else if (strcmp(method, "checkUpload") == 0)
        answer_look(scene, request, reply);
    else
        scripted_fault(reply, 1000, "Invalid method");
}

static void take_note(void *context, const char *line)
{
    struct scene *scene = context;
    size_t used = strlen(scene->notes);
    snprintf(scene->notes + used, sizeof scene->notes - used, "%s\n", line);
}

/* A source of `size` bytes; its last megabyte is not zero, the rest is a hole. */
static int make_source(size_t size)
{
    int fd = memfd_create("source", MFD_CLOEXEC);
    assert_int_equal(ftruncate(fd, (off_t)size), 0);
    for (size_t i = size > 1048576 ? size - 1048576 : 0; i < size; i += 4096) {
        char block[4096];
        size_t length = size - i < sizeof block ? size - i : sizeof block;
        for (size_t k = 0; k < length; k++)
            block[k] = (char)(i / 4096 * 31 + k * 7);
        assert_int_equal(pwrite(fd, block, length, (off_t)i), length);
    }
    return fd;
}

static void open_scene(struct scene *scene, size_t size)
{
    *scene = (struct scene){.size = size, .fd = make_source(size)};
    scene->content = size > 0 ? mmap(NULL, size, PROT_READ, MAP_SHARED, scene->fd, 0) : "";
    const struct scripted_behaviour behaviour = {.plan = plan, .answer = answer, .context = scene};
    scene->hub = scripted_hub_start(&behaviour);
    scene->profile = (struct koji_profile){
        .server = (char *)(uintptr_t)scripted_hub_url(scene->hub),
        .authtype = KOJI_AUTH_PASSWORD,
        .user = (char *)(uintptr_t) "osbs",
        .max_retries = 3,
        .timeout_s = 60,
        .auth_timeout_s = 60,
    };
    assert_int_equal(secret_set(&scene->profile.password, "x", &scene->err), 0);
    assert_int_equal(stop_init(&scene->stop, &scene->err), 0);
    const struct koji_session_options options = {.stop = &scene->stop, .note = take_note, .note_context = scene};
    scene->session = koji_session_create(&scene->profile, &options, &scene->err);
    assert_int_equal(koji_session_login(scene->session, &scene->err), 0);
    scene->lane = koji_lane_create(scene->session, &scene->err);
    assert_non_null(scene->lane);
    scene->upload = (struct koji_upload){
        .fd = scene->fd,
        .local_name = "image.tar",
        .directory = "cg-import/try 1",
        .filename = "image.tar",
        .size_bytes = size,
    };
}

static void close_scene(struct scene *scene)
{
    assert_null(strstr(scene->notes, "2-KEY"));
    koji_lane_destroy(scene->lane);
    koji_session_destroy(scene->session);
    scripted_hub_stop(scene->hub);
    secret_finish(&scene->profile.password);
    stop_finish(&scene->stop);
    if (scene->size > 0)
        munmap((void *)(uintptr_t)scene->content, scene->size);
    close(scene->fd);
    free(scene->stored);
}

static int send_it(struct scene *scene, struct cg_digests *digests, uint64_t *sent_bytes)
{
    return koji_lane_upload(scene->lane, &scene->upload, digests, sent_bytes, &scene->err);
}

/* It goes through, and the hub has what the source has. */
static uint64_t send_well(struct scene *scene)
{
    struct cg_digests digests;
    uint64_t sent_bytes = 0;
    char sha256[65];
    if (send_it(scene, &digests, &sent_bytes) < 0)
        fail_msg("%s\n%s", scene->err.message, scene->notes);
    assert_int_equal(scene->stored_size, scene->size);
    assert_memory_equal(scene->stored, scene->content, scene->size);
    sha256_of(scene->content, scene->size, sha256);
    assert_string_equal(digests.sha256, sha256);
    assert_int_equal(digests.size_bytes, scene->size);
    return sent_bytes;
}

/* The n-th upload's request. */
static const struct scripted_request *nth_upload(struct scene *scene, unsigned n)
{
    const struct scripted_request *request;
    for (size_t i = 0; (request = scripted_hub_request(scene->hub, i)); i++)
        if (is_upload(request) && n-- == 0)
            return request;
    fail_msg("there are not that many uploads");
    return NULL;
}

static void assert_line(const struct scripted_request *request, const char *line)
{
    char got[512];
    snprintf(got, sizeof got, "%.*s", (int)strcspn(request->head, "\r"), request->head);
    assert_string_equal(got, line);
}

/* --- plain use -------------------------------------------------------------------------------------------------- */

static void test_one_request(void **state)
{
    (void)state;
    struct scene scene;
    struct cg_digests digests;
    uint64_t sent_bytes = 0;
    char value[128];
    open_scene(&scene, 5000);
    scene.upload.kinds = CG_DIGEST_MD5;
    assert_int_equal(send_it(&scene, &digests, &sent_bytes), 0);
    assert_int_equal(sent_bytes, 5000);
    assert_memory_equal(scene.stored, scene.content, 5000);
    assert_int_equal(strlen(digests.md5), 32);
    assert_string_equal(digests.sha1, "");

    const struct scripted_request *request = nth_upload(&scene, 0);
    assert_line(request, "POST /kojihub?filename=image.tar&filepath=cg-import%2Ftry%201&fileverify=sha256&offset=0&"
                         "overwrite=1 HTTP/1.1");
    assert_true(scripted_header(request, "Content-Type", value, sizeof value));
    assert_string_equal(value, "application/octet-stream");
    assert_true(scripted_header(request, "Content-Length", value, sizeof value));
    assert_string_equal(value, "5000");
    assert_true(scripted_header(request, "Koji-Session-Key", value, sizeof value));
    assert_string_equal(value, KEY);
    /* A number would lock the session on the hub until the upload ends. */
    assert_false(scripted_header(request, "Koji-Callnum", value, sizeof value));
    assert_false(scripted_header(request, "Koji-Session-Callnum", value, sizeof value));
    assert_false(scripted_header(request, "Transfer-Encoding", value, sizeof value));
    assert_false(scripted_header(request, "Expect", value, sizeof value));
    /* The digest in the answer is enough; nothing else is asked. */
    assert_int_equal(scene.looks, 0);
    close_scene(&scene);
}

static void test_sizes(void **state)
{
    (void)state;
    static const size_t sizes[] = {0, 1, 524287, 524288, 524289, 4194304, 4194305, 9000001};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        struct scene scene;
        open_scene(&scene, sizes[i]);
        assert_int_equal(send_well(&scene), sizes[i]);
        assert_int_equal(scene.uploads, 1);
        close_scene(&scene);
    }
}

static void test_large_bodies_wait_for_100(void **state)
{
    (void)state;
    struct scene scene;
    char value[64];
    open_scene(&scene, 1048577);
    send_well(&scene);
    assert_true(scripted_header(nth_upload(&scene, 0), "Expect", value, sizeof value));
    assert_string_equal(value, "100-continue");
    close_scene(&scene);
}

static void count_progress(void *context, uint64_t sent_bytes)
{
    uint64_t *last = context;
    assert_true(sent_bytes > *last);
    *last = sent_bytes;
}

static void test_progress(void **state)
{
    (void)state;
    struct scene scene;
    uint64_t last = 0;
    open_scene(&scene, 3000000);
    scene.upload.progress = count_progress;
    scene.upload.progress_context = &last;
    send_well(&scene);
    assert_int_equal(last, 3000000);
    close_scene(&scene);
}

static void test_lane_needs_a_login(void **state)
{
    (void)state;
    struct scene scene;
    open_scene(&scene, 1);
    struct koji_session *session = koji_session_create(&scene.profile, NULL, &scene.err);
    assert_null(koji_lane_create(session, &scene.err));
    assert_error(&scene.err, CG_E_SESSION, "uploading needs a login");
    koji_session_destroy(session);
    close_scene(&scene);
}

/* --- pieces ----------------------------------------------------------------------------------------------------- */

static void test_smaller_pieces_after_413(void **state)
{
    (void)state;
    enum { MIB = 1024 * 1024 };
    struct scene scene;
    open_scene(&scene, 70 * (size_t)MIB);
    scene.limit = 40 * (size_t)MIB;
    assert_int_equal(send_well(&scene), 70 * (uint64_t)MIB);
    /* 70 and 64 MiB were refused before a byte was sent; then 32, 32 and the rest, in rising order. */
    assert_int_equal(scene.uploads, 5);
    assert_line(nth_upload(&scene, 2), "POST /kojihub?filename=image.tar&filepath=cg-import%2Ftry%201&fileverify=sha256"
                                       "&offset=0&overwrite=1 HTTP/1.1");
    assert_line(nth_upload(&scene, 3), "POST /kojihub?filename=image.tar&filepath=cg-import%2Ftry%201&fileverify=sha256"
                                       "&offset=33554432 HTTP/1.1");
    assert_line(nth_upload(&scene, 4), "POST /kojihub?filename=image.tar&filepath=cg-import%2Ftry%201&fileverify=sha256"
                                       "&offset=67108864 HTTP/1.1");
    close_scene(&scene);
}

static void test_pieces_have_an_end(void **state)
{
    (void)state;
    struct scene scene;
    struct cg_digests digests;
    uint64_t sent_bytes = 0;
    open_scene(&scene, 3000000);
    scene.limit = 1000;
    assert_int_equal(send_it(&scene, &digests, &sent_bytes), -1);
    assert_string_equal(scene.err.hint,
                        "the web server or a proxy in front of the hub takes less than 1500000 bytes at once");
    assert_error(&scene.err, CG_E_TOO_LARGE, "upload: the request is larger than the web server allows (HTTP 413)");
    assert_int_equal(scene.uploads, 2);
    close_scene(&scene);
}

/* --- broken transfers ------------------------------------------------------------------------------------------- */

static void test_cut_goes_on_from_what_the_hub_has(void **state)
{
    (void)state;
    struct scene scene;
    open_scene(&scene, 9000000);
    scene.cut_at[0] = 3000000;
    scene.cut_at[1] = 2000000;
    send_well(&scene);
    assert_int_equal(scene.uploads, 3);
    assert_line(nth_upload(&scene, 1), "POST /kojihub?filename=image.tar&filepath=cg-import%2Ftry%201&fileverify=sha256"
                                       "&offset=3000000 HTTP/1.1");
    assert_line(nth_upload(&scene, 2), "POST /kojihub?filename=image.tar&filepath=cg-import%2Ftry%201&fileverify=sha256"
                                       "&offset=5000000 HTTP/1.1");
    /* Each time two looks at rest and one with digest, and one at the whole at the end. */
    assert_int_equal(scene.looks, 7);
    assert_non_null(strstr(scene.notes, "image.tar: the hub has 3000000 of 9000000 bytes, going on from there"));
    close_scene(&scene);
}

static void test_lost_answer_of_a_whole_file(void **state)
{
    (void)state;
    struct scene scene;
    open_scene(&scene, 9000000);
    scene.lost_answers = 1;
    assert_int_equal(send_well(&scene), 9000000);
    assert_int_equal(scene.uploads, 1);
    close_scene(&scene);
}

static void test_lock_is_waited_for(void **state)
{
    (void)state;
    struct scene scene;
    open_scene(&scene, 9000000);
    scene.cut_at[0] = 3000000;
    scene.locked = 2;
    send_well(&scene);
    assert_int_equal(scene.uploads, 2);
    assert_int_equal(scene.locked, 0);
    close_scene(&scene);
}

static void test_damage_on_the_way_starts_anew(void **state)
{
    (void)state;
    struct scene scene;
    open_scene(&scene, 5000);
    scene.wrong_digest = 1;
    assert_int_equal(send_well(&scene), 10000);
    assert_int_equal(scene.uploads, 2);
    assert_non_null(strstr(nth_upload(&scene, 1)->head, "&offset=0&overwrite=1 "));
    close_scene(&scene);
}

static void test_answer_about_another_place(void **state)
{
    (void)state;
    struct scene scene;
    open_scene(&scene, 5000);
    scene.wrong_offset = 1;
    send_well(&scene);
    assert_non_null(strstr(scene.notes, "image.tar: the hub took 5000 bytes at 1, sent were 5000 at 0; trying again"));
    /* What the hub has turns out to be right. */
    assert_int_equal(scene.uploads, 1);
    close_scene(&scene);
}

static void test_damage_every_time(void **state)
{
    (void)state;
    struct scene scene;
    struct cg_digests digests;
    uint64_t sent_bytes = 0;
    open_scene(&scene, 5000);
    scene.wrong_digest = 100;
    assert_int_equal(send_it(&scene, &digests, &sent_bytes), -1);
    assert_int_equal(scene.uploads, 4);
    assert_error_has(&scene.err, CG_E_TRANSFER,
                     "image.tar: given up after 4 tries: image.tar: what arrived has sha256 0000000000");
    close_scene(&scene);
}

static void test_expired_session(void **state)
{
    (void)state;
    struct scene scene;
    char value[64];
    open_scene(&scene, 5000);
    scene.expired = 1;
    send_well(&scene);
    assert_true(scripted_header(nth_upload(&scene, 1), "Koji-Session-Key", value, sizeof value));
    assert_string_equal(value, NEW_KEY);
    /* The session that the lane belongs to has the new key too. */
    struct koji_ticket ticket = {0};
    assert_int_equal(koji_session_take_ticket(scene.session, &ticket, &scene.err), 0);
    assert_string_equal(secret_reveal(&ticket.session_key), NEW_KEY);
    koji_ticket_finish(&ticket);
    close_scene(&scene);
}

static void test_refusal_is_final(void **state)
{
    (void)state;
    struct scene scene;
    struct cg_digests digests;
    uint64_t sent_bytes = 0;
    open_scene(&scene, 5000);
    scene.fault = 1000;
    assert_int_equal(send_it(&scene, &digests, &sent_bytes), -1);
    assert_int_equal(scene.err.fault, 1000);
    assert_int_equal(scene.uploads, 1);
    assert_int_equal(scene.looks, 0);
    close_scene(&scene);
}

static void test_stop(void **state)
{
    (void)state;
    struct scene scene;
    struct cg_digests digests;
    uint64_t sent_bytes = 0;
    open_scene(&scene, 9000000);
    scene.stop_now = true;
    scene.cut_at[0] = 1000;
    assert_int_equal(send_it(&scene, &digests, &sent_bytes), -1);
    assert_int_equal(scene.err.code, CG_E_INTERRUPTED);
    assert_int_equal(scene.uploads, 1);
    close_scene(&scene);
}

/* --- an earlier run --------------------------------------------------------------------------------------------- */

static void test_resume_of_an_earlier_run(void **state)
{
    (void)state;
    struct scene scene;
    open_scene(&scene, 9000000);
    store(&scene, 0, scene.content, 6000000);
    scene.upload.resume_bytes = 7000000;
    assert_int_equal(send_well(&scene), 3000000);
    assert_int_equal(scene.uploads, 1);
    close_scene(&scene);
}

static void test_resume_of_something_else(void **state)
{
    (void)state;
    struct scene scene;
    open_scene(&scene, 9000000);
    store(&scene, 0, scene.content, 8500000);
    scene.stored[8400000] ^= 1;
    scene.upload.resume_bytes = 8500000;
    assert_int_equal(send_well(&scene), 9000000);
    assert_non_null(strstr(nth_upload(&scene, 0)->head, "&offset=0&overwrite=1 "));
    close_scene(&scene);
}

static void test_resume_of_all_of_it(void **state)
{
    (void)state;
    struct scene scene;
    open_scene(&scene, 5000);
    store(&scene, 0, scene.content, 5000);
    scene.upload.resume_bytes = 5000;
    assert_int_equal(send_well(&scene), 0);
    assert_int_equal(scene.uploads, 0);
    close_scene(&scene);
}

static void test_resume_of_nothing_and_of_too_much(void **state)
{
    (void)state;
    struct scene scene;
    open_scene(&scene, 5000);
    scene.upload.resume_bytes = 1;
    assert_int_equal(send_well(&scene), 5000);
    store(&scene, 5000, "x", 1);
    assert_int_equal(send_well(&scene), 5000);
    close_scene(&scene);
}

/* --- a source that changes -------------------------------------------------------------------------------------- */

static void test_source_of_another_size(void **state)
{
    (void)state;
    struct scene scene;
    struct cg_digests digests;
    uint64_t sent_bytes = 0;
    open_scene(&scene, 5000);
    scene.upload.size_bytes = 4999;
    assert_int_equal(send_it(&scene, &digests, &sent_bytes), -1);
    assert_error(&scene.err, CG_E_MISMATCH, "image.tar has 5000 bytes, expected 4999");
    assert_int_equal(scene.uploads, 0);
    close_scene(&scene);
}

static void cut_source(void *context, uint64_t sent_bytes)
{
    const struct scene *scene = context;
    if (sent_bytes == 524288)
        assert_int_equal(ftruncate(scene->fd, 1000000), 0);
}

static void test_source_cut_short(void **state)
{
    (void)state;
    struct scene scene;
    struct cg_digests digests;
    uint64_t sent_bytes = 0;
    open_scene(&scene, 9000000);
    scene.upload.progress = cut_source;
    scene.upload.progress_context = &scene;
    assert_int_equal(send_it(&scene, &digests, &sent_bytes), -1);
    assert_string_equal(scene.err.hint, "nothing may write to the files of a build while it is imported");
    assert_error(&scene.err, CG_E_MISMATCH,
                 "image.tar was cut short while it was read: it ends after 1000000 of 9000000 bytes");
    assert_int_equal(scene.uploads, 1);
    close_scene(&scene);
}

static void touch_source(void *context, uint64_t sent_bytes)
{
    const struct scene *scene = context;
    const struct timespec times[2] = {{.tv_sec = 1}, {.tv_sec = 1, .tv_nsec = 1}};
    if (sent_bytes == 9000000)
        assert_int_equal(futimens(scene->fd, times), 0);
}

static void test_source_changed(void **state)
{
    (void)state;
    struct scene scene;
    struct cg_digests digests;
    uint64_t sent_bytes = 0;
    open_scene(&scene, 9000000);
    scene.upload.progress = touch_source;
    scene.upload.progress_context = &scene;
    assert_int_equal(send_it(&scene, &digests, &sent_bytes), -1);
    assert_error(&scene.err, CG_E_MISMATCH, "image.tar was changed while it was read");
    close_scene(&scene);
}

static void test_source_that_is_no_file(void **state)
{
    (void)state;
    struct scene scene;
    struct cg_digests digests;
    uint64_t sent_bytes = 0;
    open_scene(&scene, 1);
    scene.upload.fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    assert_int_equal(send_it(&scene, &digests, &sent_bytes), -1);
    assert_error(&scene.err, CG_E_IO, "image.tar is not a regular file");
    close(scene.upload.fd);
    close_scene(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_request),
        cmocka_unit_test(test_sizes),
        cmocka_unit_test(test_large_bodies_wait_for_100),
        cmocka_unit_test(test_progress),
        cmocka_unit_test(test_lane_needs_a_login),
        cmocka_unit_test(test_smaller_pieces_after_413),
        cmocka_unit_test(test_pieces_have_an_end),
        cmocka_unit_test(test_cut_goes_on_from_what_the_hub_has),
        cmocka_unit_test(test_lost_answer_of_a_whole_file),
        cmocka_unit_test(test_lock_is_waited_for),
        cmocka_unit_test(test_damage_on_the_way_starts_anew),
        cmocka_unit_test(test_answer_about_another_place),
        cmocka_unit_test(test_damage_every_time),
        cmocka_unit_test(test_expired_session),
        cmocka_unit_test(test_refusal_is_final),
        cmocka_unit_test(test_stop),
        cmocka_unit_test(test_resume_of_an_earlier_run),
        cmocka_unit_test(test_resume_of_something_else),
        cmocka_unit_test(test_resume_of_all_of_it),
        cmocka_unit_test(test_resume_of_nothing_and_of_too_much),
        cmocka_unit_test(test_source_of_another_size),
        cmocka_unit_test(test_source_cut_short),
        cmocka_unit_test(test_source_changed),
        cmocka_unit_test(test_source_that_is_no_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include "allocation.h"
#include "base/log.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

static int pipe_fds[2];
static char text[8192];

/* What was written since the last call, with the time replaced by T. */
static const char *written(void)
{
    ssize_t got = read(pipe_fds[0], text, sizeof text - 1);
    text[got < 0 ? 0 : got] = '\0';
    char *time = strstr(text, "20"), *end = time ? strchr(time, 'Z') : NULL;
    if (!end || end - time != 23)
        return text;
    *time = 'T';
    memmove(time + 1, end + 1, strlen(end));
    return text;
}

static int open_pipe(void **state)
{
    (void)state;
    if (pipe(pipe_fds) != 0)
        return -1;
    return fcntl(pipe_fds[0], F_SETFL, O_NONBLOCK);
}

static void writes_pairs(void **state)
{
    (void)state;
    struct log *log = log_create(pipe_fds[1], LOG_KEY_VALUE, LOG_INFO, NULL);
    log_line(log, LOG_INFO, "import ended", "import", "0192", "state", "imported", "left out", NULL, "empty", "", NULL);
    assert_string_equal(written(),
                        "time=T level=info message=\"import ended\" import=0192 state=imported empty=\"\"\n");
    log_destroy(log);
}

static void writes_json(void **state)
{
    (void)state;
    struct log *log = log_create(pipe_fds[1], LOG_JSON, LOG_INFO, NULL);
    log_line(log, LOG_WARNING, "slow", "nvr", "a-1-1", NULL);
    assert_string_equal(written(), "{\"time\":\"T\",\"level\":\"warning\",\"message\":\"slow\",\"nvr\":\"a-1-1\"}\n");
    log_destroy(log);
}

static void writes_errors_with_code_fault_and_hint(void **state)
{
    (void)state;
    struct log *log = log_create(pipe_fds[1], LOG_KEY_VALUE, LOG_INFO, NULL);
    struct cg_error err = {0};
    cg_fail(&err, CG_E_BUSY, "locked by %s", "another");
    log_error(log, &err, "try failed", "hub", "koji", NULL);
    assert_string_equal(
        written(), "time=T level=error message=\"try failed\" code=CG_E_BUSY error=\"locked by another\" hub=koji\n");
    err.fault = 1014;
    cg_hint(&err, "wait");
    log_error(log, &err, "again", NULL);
    assert_string_equal(
        written(),
        "time=T level=error message=again code=CG_E_BUSY fault=1014 error=\"locked by another\" hint=wait\n");
    log_destroy(log);
}

static void least_level_holds_and_changes(void **state)
{
    (void)state;
    struct log *log = log_create(pipe_fds[1], LOG_KEY_VALUE, LOG_WARNING, NULL);
    log_line(log, LOG_INFO, "not this", NULL);
    assert_string_equal(written(), "");
    log_line(log, LOG_WARNING, "this", NULL);
    assert_string_equal(written(), "time=T level=warning message=this\n");
    log_set_level(log, LOG_DEBUG);
    log_line(log, LOG_DEBUG, "and this", NULL);
    assert_string_equal(written(), "time=T level=debug message=\"and this\"\n");
    log_destroy(log);
    log_line(NULL, LOG_ERROR, "nobody listens", NULL);
    assert_string_equal(written(), "");
}

static void no_value_forges_a_line(void **state)
{
    (void)state;
    static const struct {
        const char *value, *escaped;
    } cases[] = {
        {"a\nlevel=error message=forged", "a\\nlevel=error message=forged"},
        {"a\r\nb", "a\\u000d\\nb"},
        {"\" level=\"error", "\\\" level=\\\"error"},
        {"back\\slash", "back\\\\slash"},
        {"\x1b[2Jscreen", "\\u001b[2Jscreen"},
        {"tab\tdel\x7f", "tab\\u0009del\\u007f"},
        {"bad \xff utf-8 \xc3", "bad \\ufffd utf-8 \\ufffd"},
        {"overlong \xc0\x8a", "overlong \\ufffd\\ufffd"},
        {"surrogate \xed\xa0\x80", "surrogate \\ufffd\\ufffd\\ufffd"},
        {"next line \xc2\x85 separator \xe2\x80\xa8", "next line \\u0085 separator \\u2028"},
        {"umlaut \xc3\xa4 \xf0\x9f\x93\xa6", "umlaut \xc3\xa4 \xf0\x9f\x93\xa6"},
    };
    static const enum log_format formats[] = {LOG_KEY_VALUE, LOG_JSON};
    for (size_t f = 0; f < 2; f++) {
        struct log *log = log_create(pipe_fds[1], formats[f], LOG_INFO, NULL);
        for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
            char expected[256];
            snprintf(expected, sizeof expected,
                     f == 0 ? "time=T level=info message=m v=\"%s\"\n"
                            : "{\"time\":\"T\",\"level\":\"info\",\"message\":\"m\",\"v\":\"%s\"}\n",
                     cases[i].escaped);
            log_line(log, LOG_INFO, "m", "v", cases[i].value, NULL);
            assert_string_equal(written(), expected);
        }
        log_destroy(log);
    }
}

static void equals_sign_is_quoted(void **state)
{
    (void)state;
    struct log *log = log_create(pipe_fds[1], LOG_KEY_VALUE, LOG_INFO, NULL);
    log_line(log, LOG_INFO, "m", "v", "a=b", NULL);
    assert_string_equal(written(), "time=T level=info message=m v=\"a=b\"\n");
    log_destroy(log);
}

static void a_lost_line_is_told(void **state)
{
    (void)state;
    struct log *log = log_create(pipe_fds[1], LOG_JSON, LOG_INFO, NULL);
    bool whole = false;
    for (unsigned long n = 1; !whole; n++) {
        assert_true(n < 100);
        allocation_fail_at(n);
        log_line(log, LOG_INFO, "a message", "key", "value", NULL);
        whole = !allocation_failed();
        allocation_fail_at(0);
        const char *line = written();
        assert_string_equal(line,
                            whole ? "{\"time\":\"T\",\"level\":\"info\",\"message\":\"a message\",\"key\":\"value\"}\n"
                                  : "level=error message=\"a log line is lost: out of memory\"\n");
    }
    log_destroy(log);
}

/* What a listener was told last. */
static struct log_told told;
static char told_import[64], told_text[512];
static unsigned told_count;

static void listen(void *context, const struct log_told *line)
{
    assert_ptr_equal(context, &told);
    told = *line;
    snprintf(told_import, sizeof told_import, "%s", line->import);
    snprintf(told_text, sizeof told_text, "%s", line->text);
    told_count++;
}

static void a_branch_tells_of_imports_as_well(void **state)
{
    (void)state;
    struct log *trunk = log_create(pipe_fds[1], LOG_KEY_VALUE, LOG_WARNING, NULL);
    struct log *log = log_branch(trunk, listen, &told, NULL);
    told_count = 0;
    log_line(log, LOG_WARNING, "slow \"hub\"", "nvr", "a-1-1", "import", "0192", "left out", NULL, "host", "a b", NULL);
    assert_string_equal(written(),
                        "time=T level=warning message=\"slow \\\"hub\\\"\" nvr=a-1-1 import=0192 host=\"a b\"\n");
    assert_int_equal(told_count, 1);
    assert_int_equal(told.level, LOG_WARNING);
    assert_string_equal(log_level_name(told.level), "warning");
    assert_true(told.at > 1.7e9);
    assert_string_equal(told_import, "0192");
    assert_string_equal(told_text, "slow \"hub\" nvr=a-1-1 host=\"a b\"");
    /* Less than the trunk writes, but about an import. */
    log_line(log, LOG_INFO, "went on\nlevel=error \xff\xe2\x80\xa8", "import", "0192", NULL);
    assert_string_equal(written(), "");
    assert_string_equal(told_text, "went on\\nlevel=error \\ufffd\\u2028");
    log_line(log, LOG_DEBUG, "for nobody", "import", "0192", NULL);
    log_line(log, LOG_ERROR, "of no import", NULL);
    log_line(log, LOG_ERROR, "of no import", "import", NULL, NULL);
    assert_int_equal(told_count, 2);
    written();
    struct cg_error err = {0};
    cg_fail(&err, CG_E_BUSY, "locked");
    log_error(log, &err, "try failed", "import", "0193", NULL);
    assert_string_equal(told_import, "0193");
    assert_string_equal(told_text, "try failed code=CG_E_BUSY error=locked");
    written();
    log_destroy(log);
    log = log_branch(NULL, listen, &told, NULL);
    log_line(log, LOG_INFO, "without a trunk", "import", "0192", NULL);
    assert_string_equal(told_text, "without a trunk");
    assert_string_equal(written(), "");
    log_destroy(log);
    log_destroy(trunk);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_pairs),
        cmocka_unit_test(writes_json),
        cmocka_unit_test(writes_errors_with_code_fault_and_hint),
        cmocka_unit_test(least_level_holds_and_changes),
        cmocka_unit_test(no_value_forges_a_line),
        cmocka_unit_test(equals_sign_is_quoted),
        cmocka_unit_test(a_lost_line_is_told),
        cmocka_unit_test(a_branch_tells_of_imports_as_well),
    };
    return cmocka_run_group_tests_name("log", tests, open_pipe, NULL);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include "cg/bytes.h"
#include "koji/reply_gate.h"

#include <stdio.h>
#include <stdlib.h>

static void lets_koji_replies_pass(void **state)
{
    (void)state;
    static const char *const good[] = {
        "<?xml version='1.0'?>\n<methodResponse>\n<params>\n<param>\n<value><int>1</int></value>\n</param>\n</params>\n"
        "</methodResponse>\n",
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><methodResponse></methodResponse>",
        "<?xml version='1.0' encoding='utf-8' standalone='yes' ?><a/>",
        "<a><nil/></a>",
        "<a><dateTime.iso8601>20260101T00:00:00</dateTime.iso8601></a >",
        "\r\n \t<a\n>&lt;!DOCTYPE x&gt; &#233; a > b</a\t>\n",
        "<a>caf\xC3\xA9 \xE2\x98\x83 \xF0\x9F\x98\x80 \xC2\x80 \xED\x9F\xBF \xEE\x80\x80 \xF4\x8F\xBF\xBF "
        "\xE0\xA0\x80</a>",
    };
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        struct cg_error err = {0};
        int result = koji_reply_gate(good[i], strlen(good[i]), &err);
        assert_string_equal(err.message, "");
        assert_int_equal(result, 0);
    }
}

static void refuses_what_is_not_plain(void **state)
{
    (void)state;
    static const struct {
        const char *xml;
        const char *message;
    } cases[] = {
        {"", "reply refused: it is empty at byte 0"},
        {"Not XML", "reply refused: it does not begin with \"<\" at byte 0"},
        {"\xEF\xBB\xBF<a/>", "reply refused: it does not begin with \"<\" at byte 0"},
        {"\xFF\xFE<", "reply refused: it does not begin with \"<\" at byte 0"},
        {"\xFE\xFF", "reply refused: it does not begin with \"<\" at byte 0"},
        {"<!DOCTYPE a><a/>", "reply refused: \"<!\" at byte 0"},
        {"<a><!-- x --></a>", "reply refused: \"<!\" at byte 3"},
        {"<a><![CDATA[x]]></a>", "reply refused: \"<!\" at byte 3"},
        {"<a><?php?></a>", "reply refused: a processing instruction at byte 3"},
        {" <?xml version='1.0'?><a/>", "reply refused: a processing instruction at byte 1"},
        {"<?xmlx version='1.0'?><a/>", "reply refused: a processing instruction at byte 0"},
        {"<?xml version='1.0'", "reply refused: a malformed XML declaration at byte 0"},
        {"<?xml version='1.0'><a/>", "reply refused: a malformed XML declaration at byte 0"},
        {"<?xml version='1.0' x?><a/>", "reply refused: a malformed XML declaration at byte 21"},
        {"<?xml version=1.0?><a/>", "reply refused: a malformed XML declaration at byte 14"},
        {"<?xml version='1.0?><a/>", "reply refused: a malformed XML declaration at byte 15"},
        {"<?xml =?><a/>", "reply refused: a malformed XML declaration at byte 6"},
        {"<?xml version='1.0' encoding='latin-1'?><a/>", "reply refused: an encoding that is not UTF-8 at byte 30"},
        {"<?xml version='1.0' encoding='utf-8x'?><a/>", "reply refused: an encoding that is not UTF-8 at byte 30"},
        {"<?xml version='1.0' encoding='UTF-16'?><a/>", "reply refused: an encoding that is not UTF-8 at byte 30"},
        {"<?xml version='1.0' encoding = \"UTF-7\"?><a/>", "reply refused: an encoding that is not UTF-8 at byte 32"},
        {"<a b='c'/>", "reply refused: a tag that is not a plain name at byte 0"},
        {"<a><></a>", "reply refused: a tag that is not a plain name at byte 3"},
        {"<a>< b/></a>", "reply refused: a tag that is not a plain name at byte 3"},
        {"<a/ >", "reply refused: a tag that is not a plain name at byte 0"},
        {"<a></b/></a>", "reply refused: a tag that is not a plain name at byte 3"},
        {"<a", "reply refused: a tag that is not a plain name at byte 0"},
        {"<a></", "reply refused: a tag that is not a plain name at byte 3"},
        {"<", "reply refused: a tag that is not a plain name at byte 0"},
        {"<a_b/>", "reply refused: a tag that is not a plain name at byte 0"},
        {"<a></a></a>", "reply refused: an end tag without its start at byte 7"},
        {"<a><b></b>", "reply refused: it ends inside an element at byte 10"},
        {"<a>\x80</a>", "reply refused: not UTF-8 at byte 3"},
        {"<a>\xC0\x80</a>", "reply refused: not UTF-8 at byte 3"},
        {"<a>\xC1\xBF</a>", "reply refused: not UTF-8 at byte 3"},
        {"<a>\xE0\x9F\xBF</a>", "reply refused: not UTF-8 at byte 3"},
        {"<a>\xED\xA0\x80</a>", "reply refused: not UTF-8 at byte 3"},
        {"<a>\xF0\x8F\xBF\xBF</a>", "reply refused: not UTF-8 at byte 3"},
        {"<a>\xF4\x90\x80\x80</a>", "reply refused: not UTF-8 at byte 3"},
        {"<a>\xF5\x80\x80\x80</a>", "reply refused: not UTF-8 at byte 3"},
        {"<a>\xE2\x98</a>", "reply refused: not UTF-8 at byte 3"},
        {"<a>\xF0\x9F\x98 </a>", "reply refused: not UTF-8 at byte 3"},
        {"<a>\xE2\x98", "reply refused: not UTF-8 at byte 3"},
        {"<a>\xFF</a>", "reply refused: not UTF-8 at byte 3"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct cg_error err = {0};
        assert_int_equal(koji_reply_gate(cases[i].xml, strlen(cases[i].xml), &err), -1);
        assert_error(&err, CG_E_HUB_REPLY, cases[i].message);
    }
}

static void refuses_nul_and_utf16(void **state)
{
    (void)state;
    struct cg_error err = {0};
    assert_int_equal(koji_reply_gate("<a>\0</a>", 8, &err), -1);
    assert_error(&err, CG_E_HUB_REPLY, "reply refused: a NUL at byte 3");
    assert_int_equal(koji_reply_gate("<\0?\0x\0m\0l\0", 10, &err), -1);
    assert_error(&err, CG_E_HUB_REPLY, "reply refused: a NUL at byte 1");
    assert_int_equal(koji_reply_gate("\0<\0?", 4, &err), -1);
    assert_error(&err, CG_E_HUB_REPLY, "reply refused: it does not begin with \"<\" at byte 0");
}

/* The bomb that made the parser grow to 2.9 GB begins like this. */
static void refuses_the_entity_bomb(void **state)
{
    (void)state;
    struct cg_error err = {0};
    static const char bomb[] = "<?xml version='1.0'?>\n<!DOCTYPE x [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;\">]>"
                               "<methodResponse><params><param><value>&b;</value></param></params></methodResponse>";
    assert_int_equal(koji_reply_gate(bomb, sizeof bomb - 1, &err), -1);
    assert_error(&err, CG_E_HUB_REPLY, "reply refused: \"<!\" at byte 22");
}

static void nest(struct cg_bytes *xml, size_t depth)
{
    for (size_t i = 0; i < depth; i++)
        cg_bytes_append_text(xml, "<a>", NULL);
    for (size_t i = 0; i < depth; i++)
        cg_bytes_append_text(xml, "</a>", NULL);
}

static void bounds_the_depth(void **state)
{
    (void)state;
    for (size_t depth = KOJI_REPLY_DEPTH_MAX - 1; depth <= KOJI_REPLY_DEPTH_MAX + 1; depth++) {
        struct cg_error err = {0};
        CG_AUTO_BYTES struct cg_bytes xml = {0};
        nest(&xml, depth);
        int result = koji_reply_gate(xml.data, xml.size, &err);
        if (depth <= KOJI_REPLY_DEPTH_MAX) {
            assert_int_equal(result, 0);
        } else {
            assert_int_equal(result, -1);
            assert_error(&err, CG_E_HUB_REPLY, "reply refused: elements nested too deep at byte 192");
        }
    }
}

static void bounds_the_members_of_a_struct(void **state)
{
    (void)state;
    for (size_t members = KOJI_REPLY_MEMBERS_MAX - 1; members <= KOJI_REPLY_MEMBERS_MAX + 1; members++) {
        struct cg_error err = {0};
        CG_AUTO_BYTES struct cg_bytes xml = {0};
        cg_bytes_append_text(&xml, "<a><struct>", NULL);
        for (size_t i = 0; i < members; i++)
            cg_bytes_append_text(&xml, "<m><n/></m>", NULL);
        cg_bytes_append_text(&xml, "</struct></a>", NULL);
        int result = koji_reply_gate(xml.data, xml.size, &err);
        if (members <= KOJI_REPLY_MEMBERS_MAX)
            assert_int_equal(result, 0);
        else
            assert_error(&err, CG_E_HUB_REPLY, "reply refused: a struct of too many members at byte 110011");
    }
}

static void bounds_the_elements(void **state)
{
    (void)state;
    for (size_t elements = KOJI_REPLY_ELEMENTS_MAX - 1; elements <= KOJI_REPLY_ELEMENTS_MAX + 1; elements++) {
        struct cg_error err = {0};
        CG_AUTO_BYTES struct cg_bytes xml = {0};
        for (size_t i = 0; i < elements; i++)
            cg_bytes_append(&xml, "<a/>", 4, NULL);
        int result = koji_reply_gate(xml.data, xml.size, &err);
        if (elements <= KOJI_REPLY_ELEMENTS_MAX)
            assert_int_equal(result, 0);
        else
            assert_error(&err, CG_E_HUB_REPLY, "reply refused: too many elements at byte 4000000");
    }
}

/* Found by fuzzing: xmlrpc-c crashes on these. */
static void refuses_wide_integers_that_are_none(void **state)
{
    (void)state;
    static const char *const good[] = {"<i8>0</i8>", "<i8>-0</i8>", "<i8>9223372036854775807</i8>",
                                       "<ex:i8>-9223372036854775808</ex:i8>"};
    static const char *const cases[][2] = {
        {"<i8>9223372036854775808</i8>", "reply refused: an i8 of more than 64 bits at byte 4"},
        {"<i8>-9223372036854775809</i8>", "reply refused: an i8 of more than 64 bits at byte 4"},
        {"<ex:i8>99999999999999999999</ex:i8>", "reply refused: an i8 of more than 64 bits at byte 7"},
        {"<ex.i8>x</ex.i8>", "reply refused: an i8 that is not a number at byte 7"},
        {"<i8></i8>", "reply refused: an i8 that is not a number at byte 4"},
        {"<i8>-</i8>", "reply refused: an i8 that is not a number at byte 4"},
        {"<i8>1 </i8>", "reply refused: an i8 that is not a number at byte 4"},
        {"<i8>1", "reply refused: an i8 that is not a number at byte 4"},
        {"<i8/>", "reply refused: an i8 that is not a number at byte 5"},
    };
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        struct cg_error err = {0};
        assert_int_equal(koji_reply_gate(good[i], strlen(good[i]), &err), 0);
    }
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct cg_error err = {0};
        assert_int_equal(koji_reply_gate(cases[i][0], strlen(cases[i][0]), &err), -1);
        assert_error(&err, CG_E_HUB_REPLY, cases[i][1]);
    }
}

static void lets_long_arrays_pass(void **state)
{
    (void)state;
    struct cg_error err = {0};
    CG_AUTO_BYTES struct cg_bytes xml = {0};
    cg_bytes_append_text(&xml, "<data>", NULL);
    for (size_t i = 0; i < KOJI_REPLY_MEMBERS_MAX + 5; i++)
        cg_bytes_append_text(&xml, "<value/>", NULL);
    cg_bytes_append_text(&xml, "</data>", NULL);
    assert_int_equal(koji_reply_gate(xml.data, xml.size, &err), 0);
}

static void bounds_the_size(void **state)
{
    (void)state;
    CG_AUTO_FREE char *xml = malloc((size_t)KOJI_REPLY_MAX + 1);
    assert_non_null(xml);
    memset(xml, ' ', (size_t)KOJI_REPLY_MAX + 1);
    memcpy(xml, "<a/>", 4);
    struct cg_error err = {0};
    assert_int_equal(koji_reply_gate(xml, KOJI_REPLY_MAX - 1, &err), 0);
    assert_int_equal(koji_reply_gate(xml, KOJI_REPLY_MAX, &err), 0);
    assert_int_equal(koji_reply_gate(xml, (size_t)KOJI_REPLY_MAX + 1, &err), -1);
    assert_error(&err, CG_E_HUB_REPLY, "reply refused: more than the largest size at byte 67108864");
}

/* Property: any prefix of a good reply is refused or passes, and never reads past its end (sanitizers watch). */
static void survives_every_prefix(void **state)
{
    (void)state;
    static const char good[] =
        "<?xml version='1.0' encoding='utf-8'?><a>\xF0\x9F\x98\x80<struct><b/></struct >&amp;</a>";
    for (size_t size = 0; size < sizeof good - 1; size++) {
        struct cg_error err = {0};
        CG_AUTO_FREE char *exact = malloc(size ? size : 1);
        memcpy(exact, good, size);
        int result = koji_reply_gate(exact, size, &err);
        /* The declaration alone is a text without elements, which the parser refuses. */
        assert_int_equal(result, size == 38 ? 0 : -1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lets_koji_replies_pass), cmocka_unit_test(refuses_what_is_not_plain),
        cmocka_unit_test(refuses_nul_and_utf16),  cmocka_unit_test(refuses_the_entity_bomb),
        cmocka_unit_test(bounds_the_depth),       cmocka_unit_test(bounds_the_members_of_a_struct),
        cmocka_unit_test(bounds_the_elements),    cmocka_unit_test(refuses_wide_integers_that_are_none),
        cmocka_unit_test(lets_long_arrays_pass),  cmocka_unit_test(bounds_the_size),
        cmocka_unit_test(survives_every_prefix),
    };
    return cmocka_run_group_tests_name("reply_gate", tests, NULL, NULL);
}

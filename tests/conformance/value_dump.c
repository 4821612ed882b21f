/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * XML-RPC on standard input or output, for comparing with Python's xmlrpc.client.
 *
 *     value_dump decode            a reply on standard input, as JSON: {"value": ...} or {"fault": N, "text": "..."}
 *     value_dump encode METHOD     a JSON array on standard input, as a call
 */

#include "koji/reply_gate.h"
#include "koji/value.h"

#include <stdio.h>
#include <string.h>

static int read_input(struct cg_bytes *input, struct cg_error *err)
{
    char block[65536];
    size_t got;
    while ((got = fread(block, 1, sizeof block, stdin)) > 0)
        if (cg_bytes_append(input, block, got, err) != 0)
            return -1;
    return 0;
}

static int decode(const struct cg_bytes *input, struct cg_error *err)
{
    AUTO_KOJI_REPLY struct koji_reply reply = {0};
    if (koji_reply_gate(cg_bytes_text(input), input->size, err) != 0 ||
        koji_value_decode_reply(cg_bytes_text(input), input->size, &reply, err) != 0)
        return -1;
    CG_AUTO_JSON json_t *shown = reply.value ? json_pack("{sO}", "value", reply.value)
                                             : json_pack("{siss}", "fault", reply.fault, "text", reply.text);
    json_dumpf(shown, stdout, 0);
    return 0;
}

static int encode(const char *method, const struct cg_bytes *input, struct cg_error *err)
{
    CG_AUTO_BYTES struct cg_bytes xml = {0};
    CG_AUTO_JSON json_t *params = json_loadb(cg_bytes_text(input), input->size, 0, NULL);
    if (!params)
        return cg_fail(err, CG_E_SYNTAX, "not JSON");
    if (koji_value_encode_call(method, params, &xml, err) != 0)
        return -1;
    fwrite(xml.data, 1, xml.size, stdout);
    return 0;
}

int main(int argc, char **argv)
{
    struct cg_error err = {0};
    CG_AUTO_BYTES struct cg_bytes input = {0};
    int result = -1;
    if (argc == 2 && strcmp(argv[1], "decode") == 0)
        result = read_input(&input, &err) != 0 ? -1 : decode(&input, &err);
    else if (argc == 3 && strcmp(argv[1], "encode") == 0)
        result = read_input(&input, &err) != 0 ? -1 : encode(argv[2], &input, &err);
    else
        cg_fail(&err, CG_E_USAGE, "usage: value_dump decode | encode METHOD");
    if (result != 0)
        fprintf(stderr, "%s: %s\n", cg_code_info(err.code)->name, err.message);
    return result == 0 ? 0 : 1;
}

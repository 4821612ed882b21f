/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "metadata_document.h"

#include "unit.h"

#include "cg/json.h"

#include <stdlib.h>

const char metadata_document_text[] =
    "{\"metadata_version\": 0,"
    " \"build\": {\"name\": \"test-container\", \"version\": \"1.0\", \"release\": \"1\","
    "  \"source\": \"https://example.com/test#0123abc\", \"start_time\": 1760000000, \"end_time\": 1760000300,"
    "  \"extra\": {\"image\": {}, \"typeinfo\": {\"icm\": {}}}},"
    " \"buildroots\": [{\"id\": 1, \"host\": {\"os\": \"rhel-9\", \"arch\": \"x86_64\"},"
    "  \"content_generator\": {\"name\": \"atomic-reactor\", \"version\": \"4.8\"},"
    "  \"container\": {\"type\": \"none\", \"arch\": \"x86_64\"},"
    "  \"tools\": [{\"name\": \"podman\", \"version\": \"5\"}],"
    "  \"components\": [{\"type\": \"rpm\", \"name\": \"bash\", \"version\": \"5.2\", \"release\": \"1.el9\","
    "   \"arch\": \"x86_64\", \"epoch\": null, \"sigmd5\": \"0123456789abcdef0123456789abcdef\","
    "   \"signature\": null}]}],"
    " \"output\": [{\"buildroot_id\": 1, \"filename\": \"image.tar.gz\", \"filesize\": 8, \"arch\": \"x86_64\","
    "  \"checksum\": \"0123456789abcdef0123456789abcdef\", \"checksum_type\": \"md5\", \"type\": \"docker-image\","
    "  \"components\": [], \"extra\": {\"image\": {\"arch\": \"x86_64\"}, \"docker\": {\"id\": \"sha256:ab\"}}},"
    " {\"buildroot_id\": 1, \"filename\": \"x86_64.log\", \"filesize\": 8, \"arch\": \"noarch\","
    "  \"checksum\": \"0123456789abcdef0123456789abcdef\", \"checksum_type\": \"md5\", \"type\": \"log\"}]}";

json_t *metadata_document_good(void)
{
    json_t *document = json_loads(metadata_document_text, 0, NULL);
    assert_non_null(document);
    return document;
}

json_t *metadata_document_value(const char *json)
{
    CG_AUTO_FREE char *text = strdup(json);
    for (char *quote = text; (quote = strchr(quote, '\''));)
        *quote = '"';
    json_t *value = json_loads(text, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
    if (!value)
        fail_msg("%s is no JSON", json);
    return value;
}

void metadata_document_edit(json_t *document, const char *pointer, const char *json)
{
    const char *last = strrchr(pointer, '/');
    CG_AUTO_FREE char *way = strndup(pointer, (size_t)(last - pointer));
    json_t *parent = cg_pointer_get(document, way);
    if (!parent)
        fail_msg("%s is not there", way);
    json_t *value = json ? metadata_document_value(json) : NULL;
    last++;
    if (json_is_array(parent) && strcmp(last, "-") == 0)
        assert_int_equal(json_array_append_new(parent, value), 0);
    else if (json_is_array(parent) && value)
        assert_int_equal(json_array_set_new(parent, (size_t)atoi(last), value), 0);
    else if (json_is_array(parent))
        assert_int_equal(json_array_remove(parent, (size_t)atoi(last)), 0);
    else if (value)
        assert_int_equal(json_object_set_new(parent, last, value), 0);
    else
        assert_int_equal(json_object_del(parent, last), 0);
}

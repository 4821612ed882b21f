/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "image_tar.h"

#include "unit.h"

#include "cg/digest.h"

#include <stdio.h>
#include <stdlib.h>

#define BLOCK 512

void image_tar_add(struct cg_bytes *tar, const char *name, char type, const char *target, const void *data, size_t size)
{
    char header[BLOCK] = "";
    snprintf(header, 100, "%s", name);
    snprintf(header + 100, 8, "%07o", 0644);
    snprintf(header + 108, 8, "%07o", 0);
    snprintf(header + 116, 8, "%07o", 0);
    snprintf(header + 124, 12, "%011o", (unsigned)size);
    snprintf(header + 136, 12, "%011o", 0);
    header[156] = type;
    snprintf(header + 157, 100, "%s", target ? target : "");
    memcpy(header + 257,
           "ustar\0"
           "00",
           8);
    memset(header + 148, ' ', 8);
    unsigned sum = 0;
    for (size_t i = 0; i < BLOCK; i++)
        sum += (unsigned char)header[i];
    snprintf(header + 148, 8, "%06o", sum);
    static const char zeros[BLOCK];
    assert_int_equal(cg_bytes_append(tar, header, BLOCK, NULL), 0);
    assert_int_equal(cg_bytes_append(tar, data, size, NULL), 0);
    assert_int_equal(cg_bytes_append(tar, zeros, (BLOCK - size % BLOCK) % BLOCK, NULL), 0);
}

void image_tar_end(struct cg_bytes *tar)
{
    static const char zeros[2 * BLOCK];
    assert_int_equal(cg_bytes_append(tar, zeros, sizeof zeros, NULL), 0);
}

static void sha256_of(const void *data, size_t size, char text[65])
{
    CG_AUTO_DIGEST struct cg_digest *digest = cg_digest_create(CG_DIGEST_SHA256, NULL);
    struct cg_digests digests;
    assert_non_null(digest);
    assert_int_equal(cg_digest_update(digest, data, size, NULL), 0);
    assert_int_equal(cg_digest_read(digest, &digests, NULL), 0);
    snprintf(text, 65, "%s", digests.sha256);
}

void image_tar_docker(struct cg_bytes *archive, const struct cg_bytes *layer, char id[72])
{
    char diff_id[65], config_id[65], config[512], manifest[512], name[80];
    sha256_of(layer->data, layer->size, diff_id);
    snprintf(config, sizeof config,
             "{\"architecture\": \"amd64\", \"os\": \"linux\", \"config\": {\"Labels\": {\"name\": \"x\"}},"
             " \"rootfs\": {\"type\": \"layers\", \"diff_ids\": [\"sha256:%s\"]}}",
             diff_id);
    sha256_of(config, strlen(config), config_id);
    snprintf(manifest, sizeof manifest,
             "[{\"Config\": \"%s.json\", \"RepoTags\": null, \"Layers\": [\"1/layer.tar\"]}]", config_id);
    snprintf(name, sizeof name, "%s.json", config_id);
    snprintf(id, 72, "sha256:%s", config_id);
    image_tar_add(archive, "1/layer.tar", '0', NULL, layer->data, layer->size);
    image_tar_add(archive, name, '0', NULL, config, strlen(config));
    image_tar_add(archive, "manifest.json", '0', NULL, manifest, strlen(manifest));
    image_tar_end(archive);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "content/image_database.h"

#include "cg/auto.h"
#include "cg/bytes.h"
#include "cg/error.h"
#include "content/image_rpms.h"

#include <errno.h>
#include <sys/stat.h>

/* Which file of image_database_files tells which backend, in the order of preference: rpm itself converts from the
 * later ones to the earlier. */
static const struct {
    unsigned file;
    const char *backend; /* as librpm calls it */
} backends[] = {{0, "sqlite"}, {2, "ndb"}, {4, "bdb_ro"}};

/* The database that is seen in an image, by its main file. */
struct database {
    unsigned place;
    const char *backend;
    unsigned file;
    enum image_found found; /* IMAGE_FILE or IMAGE_LINK */
};

/* The uppermost layer that says something about a file, NULL if none does. */
static const struct image_layer *seen_in(const struct image_layer *layers, size_t count, unsigned place, unsigned file)
{
    for (size_t i = count; i > 0; i--)
        if (layers[i - 1].found[place][file] != IMAGE_NOTHING)
            return &layers[i - 1];
    return NULL;
}

static bool find_database(const struct image_layer *layers, size_t count, struct database *database)
{
    for (unsigned place = 0; place < IMAGE_DATABASE_PLACES; place++)
        for (size_t i = 0; i < sizeof backends / sizeof backends[0]; i++) {
            const struct image_layer *layer = seen_in(layers, count, place, backends[i].file);
            enum image_found found = layer ? layer->found[place][backends[i].file] : IMAGE_NOTHING;
            if (found != IMAGE_FILE && found != IMAGE_LINK)
                continue;
            *database = (struct database){place, backends[i].backend, backends[i].file, found};
            return true;
        }
    return false;
}

/* --- laying it out -------------------------------------------------------------------------------------------------
 */

/* Links the files of the database that are seen into the directory at `path`, under the names that librpm knows. */
static int lay_out(const struct image_layer *layers, size_t count, const struct database *database,
                   const char *directory, const char *path, struct cg_error *err)
{
    if (mkdir(path, 0700) < 0)
        return cg_fail_errno(err, "make", "the directory of the rpm database");
    for (unsigned file = 0; file < IMAGE_DATABASE_FILES; file++) {
        const struct image_layer *layer = seen_in(layers, count, database->place, file);
        if (!layer || layer->found[database->place][file] != IMAGE_FILE)
            continue;
        CG_AUTO_BYTES struct cg_bytes from = {0};
        CG_AUTO_BYTES struct cg_bytes to = {0};
        char kept[64];
        image_layer_kept(kept, layer, database->place, file);
        if (cg_bytes_printf(&from, err, "%s/%s", directory, kept) < 0 ||
            cg_bytes_printf(&to, err, "%s/%s", path, image_database_files[file]) < 0)
            return -1;
        if (link(from.data, to.data) < 0)
            return cg_fail_errno(err, "link", image_database_files[file]);
    }
    return 0;
}

static int read_it(const struct image_layer *layers, size_t count, const struct database *database,
                   const char *directory, unsigned number, json_t *rpms, struct cg_error *err)
{
    if (database->found == IMAGE_LINK)
        return cg_fail(err, CG_E_FORM, "it is no plain file but a link or a directory");
    CG_AUTO_BYTES struct cg_bytes path = {0};
    if (cg_bytes_printf(&path, err, "%s/database-%u", directory, number) < 0 ||
        lay_out(layers, count, database, directory, path.data, err) < 0)
        return -1;
    return image_rpms_read(path.data, database->backend, rpms, err);
}

json_t *image_database_read(const struct image_layer *layers, size_t count, const char *directory, unsigned number,
                            struct cg_error *err)
{
    struct database database;
    if (!find_database(layers, count, &database))
        return json_null();
    CG_AUTO_BYTES struct cg_bytes path = {0};
    CG_AUTO_JSON json_t *rpms = json_array();
    struct cg_error failure = {0};
    if (!rpms || cg_bytes_printf(&path, err, "%s/%s", image_database_places[database.place],
                                 image_database_files[database.file]) < 0) {
        cg_fail_memory(err);
        return NULL;
    }
    int read = read_it(layers, count, &database, directory, number, rpms, &failure);
    if (read < 0 && (failure.code == CG_E_MEMORY || failure.code == CG_E_IO)) {
        if (err && err->code == CG_OK)
            *err = failure;
        return NULL;
    }
    json_t *told =
        read < 0
            ? json_pack("{s:s, s:s, s:s}", "path", path.data, "backend", database.backend, "fault", failure.message)
            : json_pack("{s:s, s:s, s:O}", "path", path.data, "backend", database.backend, "rpms", rpms);
    if (!told)
        cg_fail_memory(err);
    return told;
}

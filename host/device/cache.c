/* cache.c: see cache.h. A hash table by tag, whose entries are also in a list by their last use. */
#include "device/cache.h"

#include <stdlib.h>
#include <string.h>

enum { BUCKETS = 1024 }; /* a model has hundreds of weight matrices */

typedef struct entry entry;
struct entry {
  uint64_t tag, bytes;
  pl_model_regs key; /* pl_operand_key */
  pl_operand b;
  entry *chain;         /* the next one of the bucket */
  entry *newer, *older; /* neighbours by last use */
};

struct pl_cache {
  uint64_t room, used; /* bytes */
  entry *newest, *oldest;
  entry *bucket[BUCKETS];
};

pl_cache *pl_cache_new(uint64_t bytes) {
  pl_cache *cache = calloc(1, sizeof *cache);
  if (cache) cache->room = bytes;
  return cache;
}

void pl_cache_free(pl_cache *cache) {
  if (cache) pl_cache_clear(cache);
  free(cache);
}

/* The link that points to the entry of `tag`, or to the NULL at the end of its bucket. */
static entry **find(pl_cache *cache, uint64_t tag) {
  entry **link = &cache->bucket[tag % BUCKETS];
  while (*link && (*link)->tag != tag) link = &(*link)->chain;
  return link;
}

static void unlist(pl_cache *cache, entry *e) {
  *(e->newer ? &e->newer->older : &cache->newest) = e->older;
  *(e->older ? &e->older->newer : &cache->oldest) = e->newer;
}

static void list_first(pl_cache *cache, entry *e) {
  e->newer = NULL;
  e->older = cache->newest;
  *(e->older ? &e->older->newer : &cache->oldest) = e;
  cache->newest = e;
}

static void drop(pl_cache *cache, entry *e) {
  *find(cache, e->tag) = e->chain;
  unlist(cache, e);
  cache->used -= e->bytes;
  pl_operand_free(&e->b);
  free(e);
}

uint64_t pl_cache_clear(pl_cache *cache) {
  const uint64_t used = cache->used;
  while (cache->oldest) drop(cache, cache->oldest);
  return used;
}

int pl_cache_has(const pl_cache *cache, uint64_t tag, const pl_model_regs *r) {
  const entry *e = cache->bucket[tag % BUCKETS];
  pl_model_regs key;
  while (e && e->tag != tag) e = e->chain;
  pl_operand_key(r, &key);
  return e && !memcmp(&e->key, &key, sizeof key);
}

pl_operand *pl_cache_get(pl_cache *cache, uint64_t tag, const pl_model_regs *r, int *found) {
  pl_model_regs key;
  pl_operand_key(r, &key);
  entry *e = *find(cache, tag);
  *found = e && !memcmp(&e->key, &key, sizeof key);
  if (*found) {
    unlist(cache, e);
    list_first(cache, e);
    return &e->b;
  }
  if (e) drop(cache, e);

  const uint64_t bytes = sizeof *e + pl_operand_bytes(r, 1, r->cols);
  if (bytes > cache->room) return NULL;
  while (cache->room - cache->used < bytes) drop(cache, cache->oldest);
  if (!(e = malloc(sizeof *e))) return NULL;
  *e = (entry){.tag = tag, .bytes = bytes};
  memcpy(&e->key, &key, sizeof key);
  if (pl_operand_alloc(&e->b, r, 1, r->cols)) {
    free(e);
    return NULL;
  }
  entry **bucket = &cache->bucket[tag % BUCKETS];
  e->chain = *bucket;
  *bucket = e;
  list_first(cache, e);
  cache->used += bytes;
  return &e->b;
}

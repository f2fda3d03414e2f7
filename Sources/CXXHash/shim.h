// Compiled in: nothing is linked.
#define XXH_INLINE_ALL
#include <xxhash.h>

// The name that Swift sees would be a macro's.
static inline uint64_t blp_xxh3(const void *bytes, size_t count, uint64_t seed) {
  return XXH3_64bits_withSeed(bytes, count, seed);
}

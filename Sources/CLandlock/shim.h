// Landlock has no functions in Debian 12's C library, and its kernel headers know less than kernels do: numbers are from
// https://docs.kernel.org/userspace-api/landlock.html. Variadic C is typed here.
#include <fcntl.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

// struct landlock_ruleset_attr of ABI 6. An older kernel takes it as long as what it does not know is zero.
struct blp_landlock_ruleset {
    uint64_t file_rights;
    uint64_t network_rights;
    uint64_t scopes;
};

// The ABI of the running kernel: 1 and more; -1 and errno without Landlock.
static inline long blp_landlock_abi(void) { return syscall(444, (void *)0, (size_t)0, (uint32_t)1); }

static inline int blp_landlock_create(const struct blp_landlock_ruleset *ruleset) {
    return (int)syscall(444, ruleset, sizeof(*ruleset), (uint32_t)0);
}

// Allows `rights` on what `path` (a descriptor, of O_PATH) is, and on what is below it.
static inline int blp_landlock_allow(int ruleset, int path, uint64_t rights) {
    struct {
        uint64_t rights;
        int32_t path;
    } __attribute__((packed)) rule = {rights, path};
    return (int)syscall(445, ruleset, 1, &rule, (uint32_t)0);
}

static inline int blp_landlock_restrict_self(int ruleset) { return (int)syscall(446, ruleset, (uint32_t)0); }

static inline int blp_set_no_new_privileges(void) { return prctl(PR_SET_NO_NEW_PRIVS, 1L, 0L, 0L, 0L); }

// For looking only. Declared under _GNU_SOURCE only.
static inline int blp_open_path(const char *path) { return open(path, 010000000 /* O_PATH */ | O_CLOEXEC); }

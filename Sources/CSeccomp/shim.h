#include <seccomp.h>

// Macros with casts, which Swift's importer leaves out.
static const uint32_t blp_seccomp_allow = SCMP_ACT_ALLOW;
static const uint32_t blp_seccomp_kill_process = SCMP_ACT_KILL_PROCESS;
static inline uint32_t blp_seccomp_errno(uint16_t code) { return SCMP_ACT_ERRNO(code); }

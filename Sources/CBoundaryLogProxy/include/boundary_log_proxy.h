/*
 * boundary_log_proxy.h: boundary-log-proxy inside a program of one's own.
 *
 * boundary, the network jail for AI agents, writes an audit log of every HTTP request to a Unix socket. This library serves that
 * socket, keeps what comes, and delivers it: to a callback of the host program, to an HTTP server, to coderd or to a file.
 * docs/c-api.md shows the threads, who owns what, and how to live beside a host's own libuv and libcurl.
 *
 * Rules that hold for every function
 *
 *  - A function that can fail returns BLP_OK (0) or a negative code of enum blp_error. It then leaves everything as it was, writes to
 *    no output parameter, and says what was wrong in blp_last_error(). No argument of any value makes it crash, as long as pointers
 *    point to what the function says (text: bytes that end in NUL; buffers: as long as they are said to be).
 *  - Handles (blp_config, blp_proxy, blp_log_session) are numbers in the shape of pointers: never dereference one. A value is never used
 *    again in the life of the process, so a handle that was freed, or is of another type, is always found out: BLP_E_INVALID.
 *  - Every function may be called from any thread at any time, inside callbacks too, unless it says otherwise; but not from a handler of a signal.
 *  - A callback returns to who called it: it throws no C++ exception out of itself and jumps nowhere (longjmp).
 *  - Text is UTF-8. Text that a function takes is copied before it returns.
 *  - The library sets no signal disposition, handler of exit, environment variable, locale or allocator setting, and writes to no
 *    standard stream, unless "file-path" is set to "-". A broken pipe cannot raise SIGPIPE in the host. It calls curl_global_init once.
 *  - A process that forks must not use the library in the child before exec.
 *
 * Versions: what is declared here stays as it is within one soname (libboundarylogproxy.so.1). New functions, new codes, and new
 * members at the end of structs that carry their size may come; "Since" tells when.
 */
#ifndef BOUNDARY_LOG_PROXY_H
#define BOUNDARY_LOG_PROXY_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The version of this header; blp_version() tells that of the library which runs. */
#define BLP_VERSION "0.1.0"

/* What functions return. Codes may be added: take an unknown negative one for a failure. Since 0.1.0. */
enum blp_error {
    BLP_OK = 0,
    BLP_E_INVALID = -1, /* an argument: NULL, out of range, not UTF-8, or a handle that is freed or of another type */
    BLP_E_STATE = -2,   /* not now: started twice, stopped before started, destroyed while it runs */
    BLP_E_THREAD = -3,  /* not on this thread: the proxy's own, where it would wait for itself, or another than the host's loop's */
    BLP_E_CONFIG = -4,  /* an option, or several together: blp_last_error() has a line for each, in the daemon's words */
    BLP_E_START = -5,   /* the proxy could not start: a socket that is taken, a file that cannot be opened, no descriptor left */
    BLP_E_FULL = -6,    /* no room: nothing was taken, try again later */
    BLP_E_PAYLOAD = -7, /* not what the tag says that it is */
    BLP_E_TOKEN = -8    /* completed already, timed out, or its proxy has stopped */
};

/* How severe a message of the proxy is. Since 0.1.0. */
enum blp_log_level {
    BLP_LOG_TRACE = 0,
    BLP_LOG_DEBUG = 1,
    BLP_LOG_INFO = 2,
    BLP_LOG_NOTICE = 3,
    BLP_LOG_WARNING = 4,
    BLP_LOG_ERROR = 5,
    BLP_LOG_CRITICAL = 6
};

typedef struct blp_config blp_config;
typedef struct blp_proxy blp_proxy;
typedef struct blp_log_session blp_log_session;
struct uv_loop_s;

/* ---------------------------------------------------------------- the library ---------------------------------------------------------------- */

/* The version of the library that runs, such as "0.1.0". Never NULL, never freed. Since 0.1.0. */
const char *blp_version(void);

/*
 * What the last function that failed on this thread had to say; "" when none has. At most 4095 bytes. Valid until the next call of a blp_
 * function on this thread; a function that succeeds leaves it as it is. Never NULL, never freed. Since 0.1.0.
 */
const char *blp_last_error(void);

/* The name of a code, such as "BLP_E_FULL"; "unknown" for others. Never NULL, never freed. Since 0.1.0. */
const char *blp_error_name(int code);

/* Frees memory that a function said is to be freed so. NULL is allowed. Since 0.1.0. */
void blp_free(void *memory);

/* ------------------------------------------------------------- the configuration ------------------------------------------------------------- */

/*
 * Makes an empty configuration, to be freed with blp_config_free(). Since 0.1.0.
 *
 * What is not set has the daemon's default (README.md, or `boundary-log-proxy check-config`), with two exceptions. "durability" is "memory": a host
 * that has not asked for a spool gets no files in its home. And there is no default destination, as the daemon's is standard output, which is
 * the host's: one of "file-path", "http-url", "coder-url" and blp_config_set_reporter() is needed. The environment plays no part, unless
 * blp_config_load_environment() is called.
 *
 * Errors: BLP_E_INVALID (config is NULL).
 */
int blp_config_new(blp_config **config);

/*
 * Sets an option by the name that it has in the daemon's files and, after "--", on its command line: blp_config_set(config, "buffer-bytes",
 * "16MiB"). The last value wins, but "http-header" and "coder-header" gather values. Wins over files and environment. Since 0.1.0.
 *
 * Three options mean something else than in the daemon: "log-format" is the form of what the callback of blp_config_set_log() gets; "log-level" the
 * least level for which it is called; and "socket" may be "", for a proxy without a socket, which blp_submit() and blp_log_flush() alone feed.
 *
 * Errors: BLP_E_INVALID; BLP_E_CONFIG (an unknown name, or a value that is not allowed).
 */
int blp_config_set(blp_config *config, const char *name, const char *value);

/*
 * Takes the options of a YAML file, as the daemon does with --config. Reads the file before it returns, and waits for it. Since 0.1.0.
 * Errors: BLP_E_INVALID; BLP_E_CONFIG (the file cannot be read, or something in it is wrong: then none of it is taken).
 */
int blp_config_load(blp_config *config, const char *path);

/*
 * Takes from the environment what the daemon takes: the BOUNDARY_LOG_PROXY_ variables, and defaults for socket, spool and coderd from those of a
 * workspace (CODER_AGENT_URL, CODER_AGENT_TOKEN, TMPDIR and others). They win over files. No other thread may change the environment meanwhile.
 * Since 0.1.0.
 * Errors: BLP_E_INVALID; BLP_E_CONFIG (something in it is wrong: then none of it is taken).
 */
int blp_config_load_environment(blp_config *config);

/*
 * A message of the proxy: level is one of enum blp_log_level; message is one line, valid during the call. Called on the thread that the proxy
 * runs on: its own, or that of the host's loop, then also inside of blp_proxy_attach(). It holds up the proxy: it must not block.
 */
typedef void (*blp_log_fn)(void *context, int level, const char *message);

/*
 * Has fn called with the proxy's messages; NULL for none, which is the default. context is handed on. Since 0.1.0.
 * Errors: BLP_E_INVALID.
 */
int blp_config_set_log(blp_config *config, blp_log_fn fn, void *context);

/* Names an attempt at a delivery; never 0, and never the same twice in a process. Since 0.1.0. */
typedef uint64_t blp_token;

/*
 * An attempt at a delivery: logs of one session, of one process. What it points to, and it itself, is valid during the call only. Members may be
 * added at the end. Since 0.1.0.
 */
typedef struct blp_delivery {
    uint64_t size;       /* of this struct, in bytes, as the library knows it */
    blp_token token;     /* for blp_complete() */
    const char *session; /* not ended by a NUL, like process; never NULL; length 0 when the client sent none */
    size_t session_length;
    const char *process; /* the name of the confined process */
    size_t process_length;
    uint64_t log_count;  /* at least 1 */
    const void *request; /* a serialised coder.agent.v2.ReportBoundaryLogsRequest */
    size_t request_length;
    const char *key;     /* ends in a NUL; the same for every attempt at this delivery, also after a restart: an idempotency key */
    uint64_t attempt;    /* 1 for the first */
} blp_delivery;

/*
 * Takes a delivery. Called on the thread that the proxy runs on; must not block, and must copy what it wants to keep. The answer is given with
 * blp_complete(), inside this call or later.
 */
typedef void (*blp_report_fn)(void *context, const blp_delivery *delivery);

/*
 * Makes fn the destination: "reporter" is then "callback", and must not be set otherwise. "request-bytes-max" and "in-flight-max" say how large deliveries
 * may be and how many may be under way at once (never two of one session); "call-timeout" how long an answer may take, after which the delivery is tried
 * again under a new token. NULL takes it back. context is handed on. Since 0.1.0.
 * Errors: BLP_E_INVALID.
 */
int blp_config_set_reporter(blp_config *config, blp_report_fn fn, void *context);

/* NULL is allowed and has no effect. Proxies that were made with it are not affected. Since 0.1.0. Errors: BLP_E_INVALID. */
int blp_config_free(blp_config *config);

/* --------------------------------------------------------------- the proxy ------------------------------------------------------------------ */

/*
 * Makes a proxy, to be freed with blp_proxy_destroy(). It has a copy of the configuration, and does nothing before it is started. Since 0.1.0.
 * Errors: BLP_E_INVALID; BLP_E_CONFIG (options that contradict each other, or no destination).
 */
int blp_proxy_new(const blp_config *config, blp_proxy **proxy);

/*
 * Runs the proxy on a thread of its own, which has all signals blocked. When this returns BLP_OK, it listens, and takes submissions. It may be started again after it was
 * stopped; its figures then begin anew. Since 0.1.0.
 * Errors: BLP_E_INVALID; BLP_E_STATE (it runs); BLP_E_START.
 */
int blp_proxy_start(blp_proxy *proxy);

/*
 * Ends a proxy that blp_proxy_start() runs, and waits for that: its socket is removed, what clients have sent is read, what waits is delivered, all within
 * "drain-timeout"; what is left then goes into the spool, if there is one (5 s at most), else it is counted as dropped. Then blp_stats() has the final
 * account. A file that hangs (a pipe that nobody reads, a disk that does not answer) holds this up for as long. Since 0.1.0.
 * Errors: BLP_E_INVALID; BLP_E_STATE (it does not run, is being stopped already, or is attached); BLP_E_THREAD (called inside one of its callbacks).
 */
int blp_proxy_stop(blp_proxy *proxy);

/*
 * Cuts short a drain that is under way, as after "drain-timeout"; for a proxy that blp_proxy_start() runs this is of use on another thread than the one
 * that waits in blp_proxy_stop(). Does not wait. Since 0.1.0.
 * Errors: BLP_E_INVALID; BLP_E_STATE (it is not being stopped).
 */
int blp_proxy_stop_now(blp_proxy *proxy);

/*
 * Runs the proxy on a libuv loop of the host, on whose thread this is called; the loop is an initialised one, of the libuv that this library is linked with.
 * When this returns BLP_OK, the proxy listens; it works while the host runs the loop, and keeps it alive. Nothing of the loop's settings is changed. Since
 * 0.1.0.
 * Errors: BLP_E_INVALID; BLP_E_STATE (it runs); BLP_E_START (what a failed start leaves on the loop is gone when uv_run() with UV_RUN_DEFAULT has returned 0, or after
 * some turns of a loop that goes on).
 */
int blp_proxy_attach(blp_proxy *proxy, struct uv_loop_s *loop);

/* The end of an attached proxy. Called on the loop's thread; the proxy may be destroyed, or attached anew, inside of it. */
typedef void (*blp_closed_fn)(void *context, blp_proxy *proxy);

/*
 * Ends an attached proxy, as blp_proxy_stop() does for one with a thread of its own, but without waiting: closed is called once, when nothing of it is left on
 * the loop and blp_stats() has the final account. closed may be NULL. The loop must be run until then. An exception is a write to a file, or work of
 * the spool's disk, that hangs: it stays with libuv until it comes back. Since 0.1.0.
 * Errors: BLP_E_INVALID; BLP_E_STATE (it is not attached, or is being closed already).
 */
int blp_proxy_close(blp_proxy *proxy, blp_closed_fn closed, void *context);

/*
 * Opens the destination's file anew and reads token files again, as the daemon does on SIGHUP. Does not wait; what goes wrong is logged. Since 0.1.0.
 * Errors: BLP_E_INVALID; BLP_E_STATE (it does not run).
 */
int blp_proxy_reopen(blp_proxy *proxy);

/*
 * Frees the proxy. NULL is allowed and has no effect. Since 0.1.0.
 * Errors: BLP_E_INVALID; BLP_E_STATE (it runs: stop it first).
 */
int blp_proxy_destroy(blp_proxy *proxy);

/* ---------------------------------------------------------------- answers -------------------------------------------------------------------- */

/* What became of a delivery. Since 0.1.0. */
enum blp_outcome {
    BLP_DELIVERED = 0,
    BLP_RETRY = 1,    /* not now: it stays first in line, and is tried again after a backoff of 250 ms to 30 s */
    BLP_REJECT = 2,   /* never: its logs are dropped, counted as forward_failed */
    BLP_TOO_LARGE = 3 /* in halves, please; a single log that is too large is dropped, counted as forward_failed */
};

/*
 * Answers a delivery, from any thread, once. retry_after_ms is for BLP_RETRY, and counts when it is longer than the backoff; else it must be 0. reason is for
 * the logs, and may be NULL. Since 0.1.0.
 *
 * BLP_OK means that the answer was taken. A proxy whose drain ends at this very moment may still count the logs as dropped.
 *
 * Errors: BLP_E_INVALID (outcome, retry_after_ms beyond a day); BLP_E_TOKEN (completed already, timed out, or its proxy has stopped).
 */
int blp_complete(blp_token token, int outcome, uint64_t retry_after_ms, const char *reason);

/* ------------------------------------------------------- feeding without a socket ------------------------------------------------------------ */

/* The most that one payload can hold, in bytes. Since 0.1.0. */
#define BLP_PAYLOAD_BYTES_MAX 32768

/* What a payload is. Since 0.1.0. */
enum blp_tag {
    BLP_TAG_LOGS = 1,   /* a coder.agent.v2.ReportBoundaryLogsRequest */
    BLP_TAG_MESSAGE = 2 /* a coder.boundarylogproxy.codec.v1.BoundaryMessage */
};

/*
 * Hands in one frame as a client would through the socket. Copies it, checks it, and never waits for the proxy. What BLP_OK was returned for is in
 * the ledger of the run, whatever happens. A quarter of "buffer-bytes", at most 4 MiB, is the room for what the proxy has not taken yet. Since 0.1.0.
 *
 * Errors: BLP_E_INVALID (also a length above BLP_PAYLOAD_BYTES_MAX); BLP_E_STATE (it does not run, or is being stopped); BLP_E_PAYLOAD (not valid protobuf);
 * BLP_E_FULL (counted in submits_refused).
 */
int blp_submit(blp_proxy *proxy, int tag, const void *payload, size_t length);

/*
 * Makes a session, to write audit logs without knowing protobuf. Its logs are numbered from 0, as boundary numbers them, so an id is to be used once; a UUID is
 * what boundary uses. process is the name of the confined process; it may be NULL. To be freed with blp_log_session_free(). Since 0.1.0.
 * Errors: BLP_E_INVALID (not UTF-8, id empty, or id and process longer than 4096 bytes each).
 */
int blp_log_session_new(const char *id, const char *process, blp_log_session **session);

/*
 * Appends a log of one HTTP request to what the session will hand in next. allowed: 0 for denied. matched_rule, the rule that allowed it, may be NULL.
 * unix_nanoseconds: when; 0 for now. Since 0.1.0.
 *
 * Errors: BLP_E_INVALID (not UTF-8); BLP_E_FULL (with this log it would be more than a payload can hold: flush it, then append anew; or, when
 * nothing waits in it, this log alone is too long).
 */
int blp_log_append(
    blp_log_session *session, int allowed, const char *method, const char *url, const char *matched_rule, int64_t unix_nanoseconds);

/*
 * Hands in what was appended, as one frame; nothing when nothing was. Since 0.1.0.
 * Errors: as blp_submit(); what was appended then stays and can be flushed again.
 */
int blp_log_flush(blp_log_session *session, blp_proxy *proxy);

/* What was not flushed is lost. NULL is allowed and has no effect. Since 0.1.0. Errors: BLP_E_INVALID. */
int blp_log_session_free(blp_log_session *session);

/* --------------------------------------------------------------- looking --------------------------------------------------------------------- */

/*
 * The account of every log. At every moment, in logs and in batches (a batch is what one frame or one blp_submit() brought, with at least one log):
 *
 *     received + recovered = delivered + dropped + waiting + spooled + in flight
 *
 * and dropped is the sum of its six reasons. With several destinations ("reporter" of "coder,otlp") it is the sum over them: a log counts once for each.
 * Members may be added at the end. Since 0.1.0.
 */
typedef struct blp_statistics {
    uint64_t size; /* sizeof(blp_statistics): set by the caller; on return, how much of it was filled in */
    uint64_t logs_received;
    uint64_t batches_received;
    uint64_t logs_recovered; /* found in the spool: an earlier process received them */
    uint64_t batches_recovered;
    uint64_t logs_delivered; /* acknowledged by the destination */
    uint64_t batches_delivered;
    uint64_t logs_dropped;
    uint64_t batches_dropped;
    uint64_t logs_waiting; /* in memory */
    uint64_t batches_waiting;
    uint64_t logs_spooled; /* on disk */
    uint64_t batches_spooled;
    uint64_t logs_in_flight; /* in deliveries under way */
    uint64_t batches_in_flight;
    uint64_t logs_dropped_buffer_full;
    uint64_t logs_dropped_forward_failed;
    uint64_t logs_dropped_shutdown;
    uint64_t logs_dropped_spool_damaged;
    uint64_t logs_dropped_purged;
    uint64_t connections;       /* clients connected now */
    uint64_t frames_rejected;   /* of clients: malformed, cut off, or too long */
    uint64_t submits_accepted;  /* calls of blp_submit() and blp_log_flush() that returned BLP_OK */
    uint64_t submits_refused;   /* those that returned BLP_E_FULL: never received, and in no other figure */
    uint64_t submits_waiting;   /* accepted, and not yet received: for the proxy's thread to take, some milliseconds at most unless it is held up */
    uint64_t logs_dropped_filtered; /* kept from the destination by the configuration (otlp-filter) */
} blp_statistics;

/*
 * The figures of the run that is under way, as of the end of the last turn of its loop, or the final ones of the last run. Never waits. Since 0.1.0.
 * Errors: BLP_E_INVALID (also size below 8); BLP_E_STATE (it was never started).
 */
int blp_stats(const blp_proxy *proxy, blp_statistics *statistics);

/*
 * All metrics, as the daemon's /metrics has them, in Prometheus' text format. *text ends in NUL and is to be freed with blp_free(); *length, if length is not
 * NULL, is without the NUL. Waits for the end of the turn that the proxy's loop is in. Since 0.1.0.
 * Errors: BLP_E_INVALID; BLP_E_STATE (it does not run); BLP_E_THREAD (attached, and not on the loop's thread).
 */
int blp_metrics_text(const blp_proxy *proxy, char **text, size_t *length);

#ifdef __cplusplus
}
#endif

#endif

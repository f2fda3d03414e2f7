/* What a host can do wrong, and what it is told. */
#include "check.h"

#include <pthread.h>

static void nothing_is_null(void)
{
    blp_config *config;
    blp_proxy *proxy;
    blp_log_session *session;
    blp_statistics s;
    char *text;
    s.size = sizeof s;
    CHECK_FAILS(BLP_E_INVALID, "blp_config_new: config is NULL", blp_config_new(NULL));
    CHECK_FAILS(BLP_E_INVALID, "config is NULL", blp_config_set(NULL, "socket", "/x"));
    CHECK_FAILS(BLP_E_INVALID, "config is NULL", blp_config_load(NULL, "/x"));
    CHECK_FAILS(BLP_E_INVALID, "config is NULL", blp_config_load_environment(NULL));
    CHECK_FAILS(BLP_E_INVALID, "config is NULL", blp_config_set_log(NULL, NULL, NULL));
    CHECK_FAILS(BLP_E_INVALID, "config is NULL", blp_config_set_reporter(NULL, NULL, NULL));
    CHECK_FAILS(BLP_E_INVALID, "config is NULL", blp_proxy_new(NULL, &proxy));
    CHECK_FAILS(BLP_E_INVALID, "proxy is NULL", blp_proxy_start(NULL));
    CHECK_FAILS(BLP_E_INVALID, "proxy is NULL", blp_proxy_attach(NULL, NULL));
    CHECK_FAILS(BLP_E_INVALID, "proxy is NULL", blp_proxy_stop(NULL));
    CHECK_FAILS(BLP_E_INVALID, "proxy is NULL", blp_proxy_stop_now(NULL));
    CHECK_FAILS(BLP_E_INVALID, "proxy is NULL", blp_proxy_close(NULL, NULL, NULL));
    CHECK_FAILS(BLP_E_INVALID, "proxy is NULL", blp_proxy_reopen(NULL));
    CHECK_FAILS(BLP_E_INVALID, "proxy is NULL", blp_submit(NULL, BLP_TAG_LOGS, "", 0));
    CHECK_FAILS(BLP_E_INVALID, "proxy is NULL", blp_stats(NULL, &s));
    CHECK_FAILS(BLP_E_INVALID, "proxy is NULL", blp_metrics_text(NULL, &text, NULL));
    CHECK_FAILS(BLP_E_INVALID, "session is NULL", blp_log_session_new("a", NULL, NULL));
    CHECK_FAILS(BLP_E_INVALID, "id is NULL", blp_log_session_new(NULL, NULL, &session));
    CHECK_FAILS(BLP_E_INVALID, "session is NULL", blp_log_append(NULL, 1, "GET", "u", NULL, 0));
    CHECK_FAILS(BLP_E_INVALID, "session is NULL", blp_log_flush(NULL, NULL));
    CHECK_FAILS(BLP_E_TOKEN, "token 0 is not under way", blp_complete(0, BLP_DELIVERED, 0, NULL));
    CHECK_OK(blp_config_free(NULL));
    CHECK_OK(blp_proxy_destroy(NULL));
    CHECK_OK(blp_log_session_free(NULL));
    blp_free(NULL);

    CHECK_OK(blp_config_new(&config));
    CHECK_FAILS(BLP_E_INVALID, "name is NULL", blp_config_set(config, NULL, "x"));
    CHECK_FAILS(BLP_E_INVALID, "value is NULL", blp_config_set(config, "socket", NULL));
    CHECK_FAILS(BLP_E_INVALID, "path is NULL", blp_config_load(config, NULL));
    CHECK_FAILS(BLP_E_INVALID, "proxy is NULL", blp_proxy_new(config, NULL));
    CHECK_FAILS(BLP_E_INVALID, "value is not UTF-8", blp_config_set(config, "socket", "/\xff"));
    CHECK_OK(blp_config_free(config));
}

static void a_configuration_answers_like_the_daemon(void)
{
    blp_config *config;
    blp_proxy *proxy;
    CHECK_OK(blp_config_new(&config));
    CHECK_FAILS(BLP_E_CONFIG, "buffer-byte: is not the name of an option; did you mean buffer-bytes?", blp_config_set(config, "buffer-byte", "1MiB"));
    CHECK_FAILS(BLP_E_CONFIG, "buffer-bytes: \"16 apples\" is not a size; allowed: 1MiB to 64GiB", blp_config_set(config, "buffer-bytes", "16 apples"));
    CHECK_FAILS(BLP_E_CONFIG, "(set by the program)", blp_config_set(config, "buffer-bytes", "1"));
    CHECK_FAILS(BLP_E_CONFIG, "reporter: \"callback\" is not one of its values", blp_config_set(config, "reporter", "callback"));
    CHECK_FAILS(BLP_E_CONFIG, "cannot be opened", blp_config_load(config, "/nowhere/x.yaml"));
    CHECK_FAILS(BLP_E_CONFIG, "reporter: no destination is given", blp_proxy_new(config, &proxy));
    CHECK_OK(blp_config_set(config, "file-path", "/tmp/x"));
    CHECK_OK(blp_config_set(config, "spool-dir", "/tmp/x"));
    CHECK_FAILS(BLP_E_CONFIG, "spool-dir: \"/tmp/x\" has no effect with --durability memory", blp_proxy_new(config, &proxy));
    CHECK_OK(blp_config_free(config));
}

static void report(void *context, const blp_delivery *delivery)
{
    (void)context;
    CHECK_OK(blp_complete(delivery->token, BLP_DELIVERED, 0, NULL));
}

static blp_proxy *proxy_with(blp_report_fn fn, void *context)
{
    blp_config *config;
    blp_proxy *proxy;
    CHECK_OK(blp_config_new(&config));
    CHECK_OK(blp_config_set(config, "socket", socket_path()));
    CHECK_OK(blp_config_set_reporter(config, fn, context));
    CHECK_OK(blp_proxy_new(config, &proxy));
    CHECK_OK(blp_config_set(config, "reporter", "http"));
    CHECK_OK(blp_config_set(config, "http-url", "http://127.0.0.1:1/"));
    CHECK_FAILS(BLP_E_CONFIG, "contradicts the program, which has set a callback", blp_proxy_new(config, &proxy));
    CHECK_OK(blp_config_free(config));
    return proxy;
}

static void what_is_freed_is_found_out(void)
{
    blp_config *config;
    blp_proxy *proxy;
    blp_statistics s;
    s.size = sizeof s;
    CHECK_OK(blp_config_new(&config));
    CHECK_OK(blp_config_free(config));
    CHECK_FAILS(BLP_E_INVALID, "config was freed", blp_config_free(config));
    CHECK_FAILS(BLP_E_INVALID, "config was freed", blp_config_set(config, "socket", "/x"));
    CHECK_FAILS(BLP_E_INVALID, "proxy is not a blp_proxy", blp_proxy_start((blp_proxy *)config));
    CHECK_FAILS(BLP_E_INVALID, "proxy is not a blp_proxy", blp_proxy_start((blp_proxy *)&s));
    proxy = proxy_with(report, NULL);
    CHECK_OK(blp_proxy_destroy(proxy));
    CHECK_FAILS(BLP_E_INVALID, "proxy was freed", blp_proxy_destroy(proxy));
    CHECK_FAILS(BLP_E_INVALID, "proxy was freed", blp_proxy_start(proxy));
    CHECK_FAILS(BLP_E_INVALID, "proxy was freed", blp_stats(proxy, &s));
    CHECK_FAILS(BLP_E_INVALID, "proxy was freed", blp_submit(proxy, BLP_TAG_LOGS, "", 0));
}

static void a_proxy_is_started_and_stopped_once(void)
{
    blp_proxy *proxy = proxy_with(report, NULL);
    blp_proxy *other;
    blp_statistics s;
    s.size = sizeof s;
    CHECK_FAILS(BLP_E_STATE, "does not run", blp_proxy_stop(proxy));
    CHECK_FAILS(BLP_E_STATE, "is not being stopped", blp_proxy_stop_now(proxy));
    CHECK_FAILS(BLP_E_STATE, "does not run", blp_proxy_reopen(proxy));
    CHECK_FAILS(BLP_E_STATE, "does not run", blp_submit(proxy, BLP_TAG_LOGS, "", 0));
    CHECK_FAILS(BLP_E_STATE, "never started", blp_stats(proxy, &s));
    CHECK_FAILS(BLP_E_INVALID, "loop is NULL", blp_proxy_attach(proxy, NULL));
    CHECK_OK(blp_proxy_start(proxy));
    CHECK_FAILS(BLP_E_STATE, "the proxy runs", blp_proxy_start(proxy));
    CHECK_FAILS(BLP_E_STATE, "the proxy runs", blp_proxy_destroy(proxy));
    CHECK_FAILS(BLP_E_STATE, "blp_proxy_stop", blp_proxy_close(proxy, NULL, NULL));
    other = proxy_with(report, NULL);
    CHECK_FAILS(BLP_E_START, socket_path(), blp_proxy_start(other));
    CHECK_OK(blp_proxy_destroy(other));
    CHECK_OK(blp_proxy_reopen(proxy));
    CHECK_FAILS(BLP_E_PAYLOAD, "not valid protobuf", blp_submit(proxy, BLP_TAG_LOGS, "\xff", 1));
    CHECK_FAILS(BLP_E_INVALID, "tag is 3", blp_submit(proxy, 3, "", 0));
    CHECK_FAILS(BLP_E_INVALID, "tag is 257", blp_submit(proxy, 257, "", 0));
    CHECK_FAILS(BLP_E_INVALID, "payload is NULL", blp_submit(proxy, BLP_TAG_LOGS, NULL, 1));
    CHECK_FAILS(BLP_E_INVALID, "above BLP_PAYLOAD_BYTES_MAX", blp_submit(proxy, BLP_TAG_LOGS, "", BLP_PAYLOAD_BYTES_MAX + 1));
    CHECK_FAILS(BLP_E_INVALID, "18446744073709551615", blp_submit(proxy, BLP_TAG_LOGS, "", (size_t)-1));
    CHECK_OK(blp_submit(proxy, BLP_TAG_LOGS, NULL, 0));
    s.size = 4;
    CHECK_FAILS(BLP_E_INVALID, "size is 4", blp_stats(proxy, &s));
    s.size = 3 * 8 + 5;
    s.logs_recovered = 77;
    CHECK_OK(blp_stats(proxy, &s));
    CHECK(s.size == 3 * 8 && s.logs_recovered == 77);
    CHECK_OK(blp_proxy_stop(proxy));
    CHECK_FAILS(BLP_E_STATE, "does not run", blp_proxy_stop(proxy));
    CHECK_OK(blp_proxy_start(proxy));
    CHECK_OK(blp_proxy_stop(proxy));
    CHECK_OK(blp_proxy_destroy(proxy));
}

/* Everything that a callback must not do, done inside of it. */
struct inside {
    blp_proxy *proxy;
    int calls;
    int logs;
};

/* The main thread may be in blp_proxy_stop() already. */
static void misuse_inside(struct inside *inside)
{
    char *text;
    CHECK_FAILS(BLP_E_THREAD, "own thread", blp_proxy_stop(inside->proxy));
    CHECK_FAILS(BLP_E_STATE, "the proxy ", blp_proxy_destroy(inside->proxy));
    CHECK_FAILS(BLP_E_STATE, "the proxy ", blp_proxy_start(inside->proxy));
    figures(inside->proxy);
    CHECK_OK(blp_metrics_text(inside->proxy, &text, NULL));
    blp_free(text);
}

static void report_inside(void *context, const blp_delivery *delivery)
{
    struct inside *inside = context;
    CHECK_FAILS(BLP_E_INVALID, "none of enum blp_outcome", blp_complete(delivery->token, 17, 0, NULL));
    CHECK_FAILS(BLP_E_INVALID, "is for BLP_RETRY", blp_complete(delivery->token, BLP_REJECT, 1, NULL));
    CHECK_FAILS(BLP_E_INVALID, "more than a day", blp_complete(delivery->token, BLP_RETRY, UINT64_MAX, NULL));
    CHECK_FAILS(BLP_E_INVALID, "reason is not UTF-8", blp_complete(delivery->token, BLP_RETRY, 1, "\xff"));
    if (inside->calls++ == 0) {
        misuse_inside(inside);
        CHECK_OK(blp_complete(delivery->token, BLP_RETRY, 1, "the first is always lost"));
    } else {
        CHECK(delivery->attempt == 2);
        CHECK_OK(blp_complete(delivery->token, BLP_DELIVERED, 0, NULL));
    }
}

static void log_inside(void *context, int level, const char *message)
{
    struct inside *inside = context;
    inside->logs++;
    if (level == BLP_LOG_WARNING && strstr(message, "the first is always lost")) misuse_inside(inside);
}

static void callbacks_cannot_wait_for_themselves(void)
{
    struct inside inside = {NULL, 0, 0};
    blp_config *config;
    blp_log_session *session;
    CHECK_OK(blp_config_new(&config));
    CHECK_OK(blp_config_set(config, "socket", socket_path()));
    CHECK_OK(blp_config_set(config, "log-level", "debug"));
    CHECK_OK(blp_config_set_reporter(config, report_inside, &inside));
    CHECK_OK(blp_config_set_log(config, log_inside, &inside));
    CHECK_OK(blp_proxy_new(config, &inside.proxy));
    CHECK_OK(blp_config_free(config));
    CHECK_OK(blp_proxy_start(inside.proxy));
    CHECK_OK(blp_log_session_new("s", NULL, &session));
    CHECK_OK(blp_log_append(session, 1, "GET", "u", "r", 1));
    CHECK_OK(blp_log_flush(session, inside.proxy));
    CHECK_OK(blp_proxy_stop(inside.proxy));
    CHECK(inside.calls == 2 && inside.logs >= 2 && figures(inside.proxy).logs_delivered == 1);
    CHECK_OK(blp_proxy_destroy(inside.proxy));
    CHECK_OK(blp_log_session_free(session));
}

static void a_log_session_holds_one_payload(void)
{
    static char url[BLP_PAYLOAD_BYTES_MAX + 1];
    blp_log_session *session;
    int i = 0;
    CHECK_FAILS(BLP_E_INVALID, "id is empty", blp_log_session_new("", NULL, &session));
    memset(url, 'u', sizeof url - 1);
    CHECK_FAILS(BLP_E_INVALID, "id is 32768 bytes long", blp_log_session_new(url, NULL, &session));
    CHECK_OK(blp_log_session_new("s", "p", &session));
    CHECK_FAILS(BLP_E_INVALID, "method is NULL", blp_log_append(session, 1, NULL, "u", NULL, 0));
    CHECK_FAILS(BLP_E_INVALID, "url is not UTF-8", blp_log_append(session, 1, "GET", "\x80", NULL, 0));
    CHECK_FAILS(BLP_E_FULL, "alone", blp_log_append(session, 1, "GET", url, NULL, 0));
    url[1000] = 0;
    while (blp_log_append(session, 1, "GET", url, "rule", INT64_MIN) == BLP_OK) i++;
    CHECK(i == 31 && strstr(blp_last_error(), "flush it first"));
    CHECK_FAILS(BLP_E_INVALID, "proxy is NULL", blp_log_flush(session, NULL));
    CHECK_OK(blp_log_session_free(session));
    CHECK_FAILS(BLP_E_INVALID, "session was freed", blp_log_append(session, 1, "GET", "u", NULL, 0));
}

static void *last_error_elsewhere(void *unused)
{
    (void)unused;
    CHECK(strcmp(blp_last_error(), "") == 0);
    CHECK(blp_proxy_start(NULL) == BLP_E_INVALID);
    return NULL;
}

static void errors_are_of_their_thread(void)
{
    pthread_t thread;
    CHECK(blp_config_new(NULL) == BLP_E_INVALID);
    CHECK(pthread_create(&thread, NULL, last_error_elsewhere, NULL) == 0);
    CHECK(pthread_join(thread, NULL) == 0);
    CHECK(strcmp(blp_last_error(), "blp_config_new: config is NULL") == 0);
    CHECK(strcmp(blp_error_name(BLP_E_FULL), "BLP_E_FULL") == 0 && strcmp(blp_error_name(5), "unknown") == 0);
    CHECK(strcmp(blp_version(), BLP_VERSION) == 0);
}

int main(void)
{
    nothing_is_null();
    a_configuration_answers_like_the_daemon();
    what_is_freed_is_found_out();
    a_proxy_is_started_and_stopped_once();
    callbacks_cannot_wait_for_themselves();
    a_log_session_holds_one_payload();
    errors_are_of_their_thread();
    puts("misuse: all found out");
    return 0;
}

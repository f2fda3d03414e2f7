/* A host with a libuv loop of its own: proxies come and go on it, and in the end it closes with nothing left on it. */
#include "check.h"

#include <pthread.h>
#include <fcntl.h>
#include <signal.h>
#include <arpa/inet.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>
#include <uv.h>

struct host {
    uv_loop_t loop;
    uv_timer_t timer;
    blp_proxy *proxy;
    blp_log_session *session;
    blp_token token;
    int reports;
    int closed;
};

static void answer_and_close(uv_timer_t *timer);

static void report(void *context, const blp_delivery *delivery)
{
    struct host *host = (struct host *)context;
    host->reports++;
    host->token = delivery->token;
    /* On the loop's thread all may be looked at, also in here. */
    {
        char *text;
        CHECK_OK(blp_metrics_text(host->proxy, &text, NULL));
        CHECK(strstr(text, "agent_boundary_log_proxy_logs_in_flight 1\n") != NULL);
        CHECK(strstr(text, "loop_turn_longest_seconds") == NULL);
        blp_free(text);
    }
    CHECK_FAILS(BLP_E_STATE, "blp_proxy_close", blp_proxy_stop(host->proxy));
    /* The answer comes later, from a timer of the host. */
    CHECK(uv_timer_start(&host->timer, answer_and_close, 1, 0) == 0);
}

static blp_proxy *new_proxy(struct host *host)
{
    blp_config *config;
    blp_proxy *proxy;
    CHECK_OK(blp_config_new(&config));
    CHECK_OK(blp_config_set(config, "socket", socket_path()));
    CHECK_OK(blp_config_set_reporter(config, report, host));
    CHECK_OK(blp_proxy_new(config, &proxy));
    CHECK_OK(blp_config_free(config));
    return proxy;
}

static void closed(void *context, blp_proxy *proxy)
{
    struct host *host = (struct host *)context;
    blp_statistics s = figures(proxy);
    CHECK(proxy == host->proxy);
    CHECK(s.logs_received == 1 && s.logs_delivered == 1);
    host->closed++;
    if (host->closed < 3) {
        /* Anew, inside of the callback. */
        CHECK_OK(blp_proxy_attach(proxy, &host->loop));
        CHECK_OK(blp_log_append(host->session, 1, "GET", "https://example.com", NULL, 0));
        CHECK_OK(blp_log_flush(host->session, proxy));
    } else {
        CHECK_OK(blp_proxy_destroy(proxy));
    }
}

static struct host host;

static void answer_and_close(uv_timer_t *timer)
{
    (void)timer;
    CHECK_OK(blp_complete(host.token, BLP_DELIVERED, 0, NULL));
    CHECK_OK(blp_proxy_close(host.proxy, closed, &host));
    CHECK_FAILS(BLP_E_STATE, "being stopped", blp_proxy_close(host.proxy, closed, &host));
}

static void *look_from_elsewhere(void *unused)
{
    char *text;
    (void)unused;
    figures(host.proxy);
    CHECK_FAILS(BLP_E_THREAD, "only the loop's thread", blp_metrics_text(host.proxy, &text, NULL));
    CHECK_OK(blp_log_append(host.session, 1, "GET", "https://example.com", NULL, 0));
    CHECK_OK(blp_log_flush(host.session, host.proxy));
    return NULL;
}

static void a_loop_of_the_host(void)
{
    pthread_t thread;
    CHECK(uv_loop_init(&host.loop) == 0);
    CHECK(uv_timer_init(&host.loop, &host.timer) == 0);
    uv_unref((uv_handle_t *)&host.timer);
    host.proxy = new_proxy(&host);
    CHECK_OK(blp_log_session_new("s", NULL, &host.session));
    CHECK_OK(blp_proxy_attach(host.proxy, &host.loop));
    CHECK_FAILS(BLP_E_STATE, "the proxy runs", blp_proxy_attach(host.proxy, &host.loop));
    CHECK_FAILS(BLP_E_STATE, "the proxy runs", blp_proxy_start(host.proxy));
    {
        /* A second one on the same socket fails, and leaves nothing behind. */
        blp_proxy *other = new_proxy(&host);
        CHECK_FAILS(BLP_E_START, socket_path(), blp_proxy_attach(other, &host.loop));
        CHECK_OK(blp_proxy_destroy(other));
    }
    CHECK(pthread_create(&thread, NULL, look_from_elsewhere, NULL) == 0);
    CHECK(pthread_join(thread, NULL) == 0);
    CHECK(uv_run(&host.loop, UV_RUN_DEFAULT) == 0);
    CHECK(host.closed == 3 && host.reports == 3);
    CHECK_OK(blp_log_session_free(host.session));
    uv_close((uv_handle_t *)&host.timer, NULL);
    CHECK(uv_run(&host.loop, UV_RUN_DEFAULT) == 0);
    CHECK(uv_loop_close(&host.loop) == 0);
}

/* What a proxy may not change in the process that it lives in. */
struct process {
    void (*handlers[32])(int);
    int flags[32];
    int is_blocked[32];
};

static void look_at_process(struct process *process)
{
    sigset_t mask;
    int number;
    CHECK(pthread_sigmask(SIG_SETMASK, NULL, &mask) == 0);
    memset(process, 0, sizeof *process);
    for (number = 1; number < 32; number++) {
        struct sigaction action;
        CHECK(sigaction(number, NULL, &action) == 0);
        process->handlers[number] = action.sa_handler;
        process->flags[number] = action.sa_flags;
        process->is_blocked[number] = sigismember(&mask, number);
    }
}

static void stop_when_closed(void *context, blp_proxy *proxy)
{
    CHECK_OK(blp_proxy_destroy(proxy));
    *(int *)context = 1;
}

/* A destination that hangs up, with SIGPIPE as it is by default: it would end this process. reader, if there is one, is closed once the proxy listens. */
static void a_broken_pipe_ends_nobody(const char *reporter, const char *value, int reader, int attached)
{
    struct process before, after;
    uv_loop_t loop;
    blp_config *config;
    blp_proxy *proxy;
    blp_log_session *session;
    int ended = 0, i;
    look_at_process(&before);
    CHECK(before.handlers[SIGPIPE] == SIG_DFL);
    CHECK(uv_loop_init(&loop) == 0);
    CHECK_OK(blp_config_new(&config));
    CHECK_OK(blp_config_set(config, "socket", socket_path()));
    CHECK_OK(blp_config_set(config, reporter, value));
    CHECK_OK(blp_config_set(config, "drain-timeout", "600ms"));
    CHECK_OK(blp_proxy_new(config, &proxy));
    CHECK_OK(blp_config_free(config));
    if (attached) CHECK_OK(blp_proxy_attach(proxy, &loop));
    else CHECK_OK(blp_proxy_start(proxy));
    if (reader >= 0) CHECK(close(reader) == 0);
    CHECK_OK(blp_log_session_new("s", NULL, &session));
    for (i = 0; i < 100; i++) {
        CHECK_OK(blp_log_append(session, 1, "GET", "https://example.com/", NULL, 0));
        CHECK_OK(blp_log_flush(session, proxy));
    }
    if (attached) {
        CHECK_OK(blp_proxy_close(proxy, stop_when_closed, &ended));
        CHECK(uv_run(&loop, UV_RUN_DEFAULT) == 0);
        CHECK(ended);
    } else {
        CHECK_OK(blp_proxy_stop(proxy));
        CHECK(figures(proxy).logs_dropped_shutdown == 100);
        CHECK_OK(blp_proxy_destroy(proxy));
    }
    CHECK_OK(blp_log_session_free(session));
    CHECK(uv_loop_close(&loop) == 0);
    look_at_process(&after);
    CHECK(memcmp(&before, &after, sizeof before) == 0);
}

/* A server that hangs up at once, with bytes unread: a reset. */
static void *hang_up(void *listener)
{
    for (;;) {
        int client = accept(*(int *)listener, NULL, NULL);
        if (client < 0) return NULL;
        close(client);
    }
}

int main(void)
{
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in address;
    socklen_t size = sizeof address;
    pthread_t thread;
    char url[64], fifo[200];

    a_loop_of_the_host();

    memset(&address, 0, sizeof address);
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    CHECK(listener >= 0 && bind(listener, (struct sockaddr *)&address, size) == 0 && listen(listener, 16) == 0);
    CHECK(getsockname(listener, (struct sockaddr *)&address, &size) == 0);
    CHECK(pthread_create(&thread, NULL, hang_up, &listener) == 0);
    snprintf(url, sizeof url, "http://127.0.0.1:%d/", ntohs(address.sin_port));
    a_broken_pipe_ends_nobody("http-url", url, -1, 0);
    a_broken_pipe_ends_nobody("http-url", url, -1, 1);
    CHECK(shutdown(listener, SHUT_RDWR) == 0 && pthread_join(thread, NULL) == 0 && close(listener) == 0);

    snprintf(fifo, sizeof fifo, "%s.fifo", socket_path());
    unlink(fifo);
    CHECK(mkfifo(fifo, 0600) == 0);
    a_broken_pipe_ends_nobody("file-path", fifo, open(fifo, O_RDONLY | O_NONBLOCK), 0);
    a_broken_pipe_ends_nobody("file-path", fifo, open(fifo, O_RDONLY | O_NONBLOCK), 1);

    puts("attach: the loop closed with nothing on it");
    return 0;
}

/* life CYCLES: makes, starts, feeds, stops and destroys a proxy so many times. For valgrind too: nothing may be left. */
#include "check.h"

struct tally {
    uint64_t logs;
    uint64_t deliveries;
};

static void report(void *context, const blp_delivery *delivery)
{
    struct tally *tally = context;
    CHECK(delivery->size == sizeof *delivery);
    CHECK(delivery->session_length == 9 && memcmp(delivery->session, "session-1", 9) == 0);
    CHECK(delivery->process_length == 5 && memcmp(delivery->process, "agent", 5) == 0);
    CHECK(delivery->request != NULL && delivery->request_length > 0 && delivery->attempt == 1 && delivery->key[0] != 0);
    tally->logs += delivery->log_count;
    tally->deliveries++;
    CHECK_OK(blp_complete(delivery->token, BLP_DELIVERED, 0, NULL));
    CHECK_FAILS(BLP_E_TOKEN, "completed already", blp_complete(delivery->token, BLP_DELIVERED, 0, NULL));
}

static void cycle(int number)
{
    struct tally tally = {0, 0};
    blp_config *config;
    blp_proxy *proxy;
    blp_log_session *session;
    char *text;
    size_t length;
    int i;

    CHECK_OK(blp_config_new(&config));
    CHECK_OK(blp_config_set(config, "socket", socket_path()));
    CHECK_OK(blp_config_set_reporter(config, report, &tally));
    CHECK_OK(blp_proxy_new(config, &proxy));
    CHECK_OK(blp_config_free(config));
    CHECK_OK(blp_proxy_start(proxy));
    CHECK_OK(blp_log_session_new("session-1", "agent", &session));
    for (i = 0; i < 10; i++) {
        CHECK_OK(blp_log_append(session, i % 2, "GET", "https://example.com/", i % 2 ? "domain=example.com" : NULL, 0));
        if (i % 5 == 4) CHECK_OK(blp_log_flush(session, proxy));
    }
    CHECK_OK(blp_log_session_free(session));
    if (number % 10 == 0) {
        CHECK_OK(blp_metrics_text(proxy, &text, &length));
        CHECK(strlen(text) == length && strstr(text, "agent_boundary_log_proxy_submissions_total ") != NULL);
        blp_free(text);
    }
    CHECK_OK(blp_proxy_stop(proxy));
    {
        blp_statistics s = figures(proxy);
        CHECK(s.logs_received == 10 && s.logs_delivered == 10 && tally.logs == 10);
        CHECK(s.batches_delivered == 2 && s.submits_accepted == 2 && s.submits_waiting == 0);
    }
    CHECK_OK(blp_proxy_destroy(proxy));
}

int main(int count, char **arguments)
{
    int cycles = count > 1 ? atoi(arguments[1]) : 10;
    int i;
    for (i = 0; i < cycles; i++) cycle(i);
    printf("%d cycles\n", cycles);
    return 0;
}

/* A call agent made of libosmo-mgcp-client: creates one connection on an endpoint that the gateway chooses,
 * tells it where the media is to go, then to loop back what comes, and deletes it when it gets SIGTERM.
 *
 *   mgcp_client LOCAL-IP LOCAL-PORT GATEWAY-IP DOMAIN MEDIA-IP MEDIA-PORT
 *
 * Prints `created ENDPOINT CONNECTION IP PORT`, `modified IP PORT`, `looped CODE`, `deleted CODE`. Exit
 * status: 0, 1 when the gateway refused or did not answer, 2 usage. */
#include <osmocom/core/application.h>
#include <osmocom/core/logging.h>
#include <osmocom/core/msgb.h>
#include <osmocom/core/select.h>
#include <osmocom/core/talloc.h>
#include <osmocom/mgcp_client/mgcp_client.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CALL_ID 0x504eu

struct agent {
	void *context; /* of talloc */
	struct mgcp_client *client;
	struct mgcp_msg message;
	char *media_ip;
	uint16_t media_port;
	bool created, asked_to_end, deleting, over, failed;
};

static void send_verb(struct agent *a, enum mgcp_verb verb, uint32_t presence, mgcp_response_cb_t answered)
{
	struct msgb *text;

	a->message.verb = verb;
	a->message.presence = presence | MGCP_MSG_PRESENCE_ENDPOINT | MGCP_MSG_PRESENCE_CALL_ID;
	text = mgcp_msg_gen(a->client, &a->message);
	if (!text || mgcp_client_tx(a->client, text, answered, a)) {
		fprintf(stderr, "mgcp_client: verb %d could not be sent\n", verb);
		a->failed = a->over = true;
	}
}

/* NULL stands for no answer at all. */
static bool refused(struct agent *a, const struct mgcp_response *r, const char *verb)
{
	if (r && (r->head.response_code == 200 || r->head.response_code == 250))
		return false;
	fprintf(stderr, "mgcp_client: %s: %d\n", verb, r ? r->head.response_code : 0);
	a->failed = a->over = true;
	return true;
}

static void on_looped(struct mgcp_response *r, void *arg)
{
	if (!refused(arg, r, "MDCX loopback"))
		printf("looped %d\n", r->head.response_code);
}

static void on_modified(struct mgcp_response *r, void *arg)
{
	struct agent *a = arg;

	if (refused(a, r, "MDCX"))
		return;
	mgcp_response_parse_params(r);
	printf("modified %s %u\n", r->audio_ip, r->audio_port);
	a->message.conn_mode = MGCP_CONN_LOOPBACK;
	send_verb(a, MGCP_VERB_MDCX, MGCP_MSG_PRESENCE_CONN_ID | MGCP_MSG_PRESENCE_CONN_MODE, on_looped);
}

static void on_created(struct mgcp_response *r, void *arg)
{
	struct agent *a = arg;

	if (refused(a, r, "CRCX"))
		return;
	if (mgcp_response_parse_params(r)) {
		fprintf(stderr, "mgcp_client: CRCX: the answer cannot be read\n");
		a->failed = a->over = true;
		return;
	}
	if (r->head.endpoint[0])
		snprintf(a->message.endpoint, sizeof(a->message.endpoint), "%s", r->head.endpoint);
	a->message.conn_id = talloc_strdup(a->context, r->head.conn_id);
	printf("created %s %s %s %u\n", a->message.endpoint, a->message.conn_id, r->audio_ip, r->audio_port);
	a->created = true;
	a->message.conn_mode = MGCP_CONN_RECV_SEND;
	a->message.audio_ip = a->media_ip;
	a->message.audio_port = a->media_port;
	send_verb(a, MGCP_VERB_MDCX, MGCP_MSG_PRESENCE_CONN_ID | MGCP_MSG_PRESENCE_CONN_MODE |
		  MGCP_MSG_PRESENCE_AUDIO_IP | MGCP_MSG_PRESENCE_AUDIO_PORT, on_modified);
}

static void on_deleted(struct mgcp_response *r, void *arg)
{
	struct agent *a = arg;

	if (refused(a, r, "DLCX"))
		return;
	printf("deleted %d\n", r->head.response_code);
	a->over = true;
}

static void on_signal(struct osmo_signalfd *source, const struct signalfd_siginfo *what)
{
	struct agent *a = source->data;

	(void)what;
	a->asked_to_end = true;
}

static void create(struct agent *a)
{
	struct mgcp_msg *m = &a->message;

	snprintf(m->endpoint, sizeof(m->endpoint), "%s", mgcp_client_rtpbridge_wildcard(a->client));
	m->call_id = CALL_ID;
	m->conn_mode = MGCP_CONN_RECV_ONLY;
	m->codecs[0] = CODEC_PCMU_8000_1;
	m->codecs_len = 1;
	m->ptime = 20;
	send_verb(a, MGCP_VERB_CRCX, MGCP_MSG_PRESENCE_CONN_MODE, on_created);
}

static int run(struct agent *a)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	create(a);
	while (!a->over) {
		osmo_select_main(0);
		if (a->asked_to_end && !a->created)
			return 1;
		if (!a->asked_to_end || a->deleting)
			continue;
		a->deleting = true;
		send_verb(a, MGCP_VERB_DLCX, MGCP_MSG_PRESENCE_CONN_ID, on_deleted);
	}
	return a->failed;
}

/* NULL: no socket. */
static struct mgcp_client *connected(void *context, char **argv)
{
	struct mgcp_client_conf conf;
	struct mgcp_client *client;

	mgcp_client_conf_init(&conf);
	conf.local_addr = argv[1];
	conf.local_port = (int)strtol(argv[2], NULL, 10);
	conf.remote_addr = argv[3];
	conf.remote_port = MGCP_CLIENT_REMOTE_PORT_DEFAULT;
	snprintf(conf.endpoint_domain_name, sizeof(conf.endpoint_domain_name), "%s", argv[4]);
	client = mgcp_client_init(context, &conf);
	return client && !mgcp_client_connect(client) ? client : NULL;
}

int main(int argc, char **argv)
{
	static const struct log_info nothing = { 0 };
	struct agent a = { 0 };
	sigset_t term;
	int status = 1;

	if (argc != 7) {
		fputs("usage: mgcp_client LOCAL-IP LOCAL-PORT GATEWAY-IP DOMAIN MEDIA-IP MEDIA-PORT\n", stderr);
		return 2;
	}
	a.context = talloc_named_const(NULL, 0, "mgcp_client");
	msgb_talloc_ctx_init(a.context, 0);
	osmo_init_logging2(a.context, &nothing);
	log_set_use_color(osmo_stderr_target, 0);
	sigemptyset(&term);
	sigaddset(&term, SIGTERM);
	sigprocmask(SIG_BLOCK, &term, NULL);
	osmo_signalfd_setup(a.context, term, on_signal, &a);
	a.media_ip = argv[5];
	a.media_port = (uint16_t)strtol(argv[6], NULL, 10);
	a.client = connected(a.context, argv);
	if (a.client)
		status = run(&a);
	else
		fputs("mgcp_client: no socket\n", stderr);
	talloc_free(a.context);
	return status;
}

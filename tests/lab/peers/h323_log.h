/* One JSON object per line on stdout: what happened, and what each message showed. */
#ifndef LAB_H323_LOG_H
#define LAB_H323_LOG_H

#include <stddef.h>
#include <stdint.h>

#include <netinet/in.h>

struct aper_message;
struct asn_TYPE_descriptor_s;
struct media;

/* {"event": event, more}: more is members of JSON, formatted; NULL for none. */
void log_event(const char *event, const char *more, ...) __attribute__((format(printf, 2, 3)));
/* A message that came, with all addresses in it. name is what it is. */
void log_received(const char *name, const struct aper_message *m);
/* One of ours, as it was encoded. */
void log_sent(const char *name, const struct asn_TYPE_descriptor_s *td, const uint8_t *data, size_t len);
void log_media(const struct media *media);
/* "1.2.3.4:5"; the text lives until the fourth call after this one. */
const char *log_address(const struct sockaddr_in *a);

#endif

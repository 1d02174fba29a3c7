/* From the XML document to struct conf. What does not match the schema is told elsewhere and skipped here;
 * what the schema cannot say about one value (an address, a bound of a duration) is told here. */
#ifndef CORE_CONF_READ_H
#define CORE_CONF_READ_H

#include "conf_xml.h"

struct conf_reader {
	struct conf *conf;
	const char *file;
	struct pn_conf_errors *e;
	bool no_memory;
};

void conf_read(struct conf_reader *r, const xmlNode *root);
void conf_read_realm(struct conf_reader *r, const xmlNode *n, struct conf_realm *out);
/* The realm that comes with a <gateway> at `to`: named "wan", it reaches nothing else. */
void conf_read_uplink(struct conf_reader *r, const xmlNode *n, const struct pn_addr *to,
		      struct conf_realm *out);
bool conf_find_realm(const struct conf *c, const char *name, unsigned *index);
void conf_unknown_realm(struct conf_reader *r, const xmlNode *n); /* realm= names none */

/* A number or duration of 32 bits at an offset of a struct: its default and bounds. */
enum conf_kind { CONF_NUMBER, CONF_DURATION, CONF_DURATION_OR_0 };
struct conf_field {
	const char *name;
	enum conf_kind kind;
	size_t offset;
	uint32_t otherwise, min, max; /* bounds of a number are the schema's */
	const char *expected;         /* of a duration, in words */
};

/* n NULL: all defaults. */
void conf_read_fields(struct conf_reader *r, const xmlNode *n, void *base, const struct conf_field *f,
		      size_t n_fields);
void conf_bad_value(struct conf_reader *r, const xmlNode *n, const char *attr, const char *expected);
/* An address that a socket can be bound to, or be sent to; family 0: any. Out stays where it is bad (told) or missing. */
void conf_read_address(struct conf_reader *r, const xmlNode *n, const char *attr, uint8_t family,
		       struct pn_addr *out);
/* A range from 1024 on; out stays where it is bad (told) or missing. */
void conf_read_ports(struct conf_reader *r, const xmlNode *n, const char *attr, uint16_t out[2]);
/* A file that is named, relative to the directory of the configuration; NULL of none. */
char *conf_read_path(struct conf_reader *r, const xmlNode *n, const char *attr);
/* A word of a choice, without the blanks that XML lets stand around it; the first one by default. */
const char *conf_word(const xmlNode *n, const char *attr, const char *const *words);
char *conf_copy(struct conf_reader *r, const char *text); /* NULL of NULL */
/* A new zeroed element at the end of an array; NULL: no memory. */
void *conf_grow(struct conf_reader *r, void *list, size_t *n, size_t size);

#endif

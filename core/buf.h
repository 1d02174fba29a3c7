/* Capped growable bytes, a read cursor over borrowed bytes, and JSON text. */
#ifndef CORE_BUF_H
#define CORE_BUF_H

#include "postern/module.h"
#include <stdarg.h>
#include <stdbool.h>

struct buf {
	uint8_t *p;
	size_t len, cap, max;
};

void buf_init(struct buf *b, size_t max); /* allocates nothing */
void buf_free(struct buf *b);             /* NULL-safe; b may be used again */
int buf_add(struct buf *b, const void *p, size_t len); /* -ENOBUFS past max, -ENOMEM; unchanged then */
int buf_addf(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void buf_drop(struct buf *b, size_t n); /* n octets from the front */
const char *buf_text(struct buf *b);    /* terminated; "" when out of memory */

/* JSON: `"key":` with a comma before it where one is needed; key NULL inside an array. */
int json_open(struct buf *b, const char *key, char bracket); /* '{' or '[' */
int json_close(struct buf *b, char bracket);                 /* '}' or ']' */
int json_str(struct buf *b, const char *key, struct pn_str v); /* control and non-UTF-8 octets escaped */
int json_text(struct buf *b, const char *key, const char *v);  /* NULL writes null */
int json_num(struct buf *b, const char *key, int64_t v);
int json_bool(struct buf *b, const char *key, bool v);
int json_addr(struct buf *b, const char *key, const struct pn_addr *a); /* null when none */
int json_time(struct buf *b, const char *key, uint64_t wall_ms); /* RFC 3339 UTC with ms; 0 is null */
int json_raw(struct buf *b, const char *key, const char *v);

/* Parse by cursor: take_* return 0 and move on, or -EBADMSG and leave it. */
struct cur {
	const uint8_t *p, *end;
};

int take(struct cur *c, size_t len, struct cur *out);
int take_u8(struct cur *c, uint8_t *out);
int take_u16(struct cur *c, uint16_t *out); /* network order */
int take_u32(struct cur *c, uint32_t *out);

static inline struct pn_str str_of(const char *s)
{
	return (struct pn_str){ s, s ? __builtin_strlen(s) : 0 };
}
bool str_eq(struct pn_str a, struct pn_str b);
char *str_dup(struct pn_str s); /* terminated copy; NULL when out of memory */

#endif

#include "aper_message.h"
#include "config.h"
#include <OCTET_STRING.h>
#include <asn_SET_OF.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <talloc.h>

/* Structs are small and many, so they share chunks; the sanitizers see each for itself. */
#ifdef HAVE_SANITIZERS
#define CHUNK 0u
#define ALIGNMENT 1u
#else
#define CHUNK 4096u
#define ALIGNMENT 16u
#endif

struct aper_message *aper_message_new(const struct asn_TYPE_descriptor_s *td, const uint8_t *data, size_t len)
{
	struct aper_message *m = talloc_zero(NULL, struct aper_message);
	uint8_t *copy = m ? talloc_size(m, len) : NULL;

	if (!copy) {
		aper_free(m);
		return NULL;
	}
	memcpy(copy, data, len);
	m->td = td;
	m->data = copy;
	m->len = len;
	return m;
}

void aper_free(struct aper_message *m)
{
	talloc_free(m);
}

int aper_new(struct aper_message *m, size_t n, void **out)
{
	if (n > APER_MEMORY_MAX)
		return -E2BIG;
	n = ((n ? n : 1) + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1);
	if (n > APER_MEMORY_MAX - m->used)
		return -E2BIG;
	if (n > m->left) {
		size_t chunk = n > CHUNK ? n : CHUNK;
		uint8_t *p = talloc_size(m, chunk);

		if (!p)
			return -ENOMEM;
		m->free = p;
		m->left = chunk;
	}
	*out = memset(m->free, 0, n);
	m->free += n;
	m->left -= n;
	m->used += n;
	return 0;
}

/* Room for one more item in an array of n; *array is moved when its `cap` is reached. */
static int grow(struct aper_message *m, void **array, size_t n, size_t *cap, size_t item)
{
	size_t more = n ? n * 2 : 8;
	void *p;
	int err;

	if (n < *cap)
		return 0;
	err = aper_new(m, more * item, &p);
	if (err)
		return err;
	if (n)
		memcpy(p, *array, n * item);
	*array = p;
	*cap = more;
	return 0;
}

int aper_keep(struct aper_message *m, const struct aper_part *part)
{
	void *parts = m->parts;
	int err = grow(m, &parts, m->n_parts, &m->cap_parts, sizeof(*part));

	if (err)
		return err;
	m->parts = parts;
	m->parts[m->n_parts++] = *part;
	return 0;
}

int aper_note_leaf(struct aper_message *m, const struct aper_leaf *leaf)
{
	void *leaves = m->leaves;
	int err = grow(m, &leaves, m->n_leaves, &m->cap_leaves, sizeof(*leaf));

	if (err)
		return err;
	m->leaves = leaves;
	m->leaves[m->n_leaves++] = *leaf;
	return 0;
}

static int compare(const void *a, const void *b)
{
	const struct aper_part *x = a, *y = b;
	uintptr_t of_x[] = { (uintptr_t)x->at, (uintptr_t)x->td, x->kind, x->index };
	uintptr_t of_y[] = { (uintptr_t)y->at, (uintptr_t)y->td, y->kind, y->index };
	unsigned i = 0;

	while (i < 3 && of_x[i] == of_y[i])
		i++;
	return of_x[i] < of_y[i] ? -1 : of_x[i] > of_y[i];
}

void aper_sort_parts(struct aper_message *m)
{
	if (m->n_parts > 1)
		qsort(m->parts, m->n_parts, sizeof(*m->parts), compare);
}

const struct aper_part *aper_find(const struct aper_message *m, const struct aper_part *key)
{
	if (!m || !m->n_parts)
		return NULL;
	return bsearch(key, m->parts, m->n_parts, sizeof(*key), compare);
}

void *aper_root(struct aper_message *m)
{
	return m->root;
}

const struct asn_TYPE_descriptor_s *aper_type(const struct aper_message *m)
{
	return m->td;
}

size_t aper_consumed(const struct aper_message *m)
{
	return m->consumed;
}

long aper_offset(const struct aper_message *m, const void *contents)
{
	uintptr_t p = (uintptr_t)contents, data = (uintptr_t)m->data;

	return p < data || p > data + m->len ? -1 : (long)(p - data);
}

size_t aper_leaves(const struct aper_message *m, const struct aper_leaf **list)
{
	*list = m->leaves;
	return m->n_leaves;
}

void *aper_alloc(struct aper_message *m, size_t n)
{
	void *p;

	return aper_new(m, n, &p) ? NULL : p;
}

int aper_append(struct aper_message *m, void *list, void *element)
{
	asn_anonymous_set_ *to = list;
	size_t cap = (size_t)to->size;
	void *array = to->array;
	int err = grow(m, &array, (size_t)to->count, &cap, sizeof(*to->array));

	if (err)
		return err;
	to->array = array;
	to->size = (int)cap;
	to->array[to->count++] = element;
	return 0;
}

int aper_list_add(struct aper_message *m, void *list, void *element)
{
	return aper_append(m, list, element) ? -ENOMEM : 0;
}

int aper_string_set(struct aper_message *m, void *string, const void *p, size_t n)
{
	OCTET_STRING_t *to = string;
	uint8_t *copy = n > INT_MAX ? NULL : aper_alloc(m, n);

	if (!copy)
		return -ENOMEM;
	if (n)
		memcpy(copy, p, n);
	to->buf = copy;
	to->size = (int)n;
	return 0;
}

/* H.460.18 in H.245: the indication by which a terminal says what call its connection is for. */
#ifndef H323_TRAVERSE_H245_H
#define H323_TRAVERSE_H245_H

#include <GenericMessage.h>

#include <stdbool.h>

/* It is for the traversal server alone. H.460.18 annex A. */
bool traverse_is_indication(const GenericMessage_t *m);

#endif

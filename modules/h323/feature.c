#include "feature.h"

#include <FeatureDescriptor.h>
#include <errno.h>

static bool is(const struct GenericData *f, long id)
{
	return f->id.present == GenericIdentifier_PR_standard && f->id.choice.standard == id;
}

static bool list_has(struct GenericData *const *list, int n, long id)
{
	for (int i = 0; i < n; i++)
		if (is(list[i], id))
			return true;
	return false;
}

bool feature_has(const struct FeatureSet *s, long id)
{
	return s && ((s->neededFeatures && list_has(s->neededFeatures->list.array,
						    s->neededFeatures->list.count, id)) ||
		     (s->desiredFeatures && list_has(s->desiredFeatures->list.array,
						     s->desiredFeatures->list.count, id)) ||
		     (s->supportedFeatures && list_has(s->supportedFeatures->list.array,
						       s->supportedFeatures->list.count, id)));
}

/* Returns how many are left. */
static int list_remove(struct GenericData **list, int n, long id)
{
	int left = 0;

	for (int i = 0; i < n; i++)
		if (!is(list[i], id))
			list[left++] = list[i];
	return left;
}

void feature_remove(const struct pdu *p, struct FeatureSet **set, long id)
{
	struct FeatureSet *s = *set;

	if (!p->lossless || !feature_has(s, id))
		return;
	if (s->neededFeatures) {
		s->neededFeatures->list.count =
			list_remove(s->neededFeatures->list.array, s->neededFeatures->list.count, id);
		if (!s->neededFeatures->list.count)
			s->neededFeatures = NULL;
	}
	if (s->desiredFeatures) {
		s->desiredFeatures->list.count =
			list_remove(s->desiredFeatures->list.array, s->desiredFeatures->list.count, id);
		if (!s->desiredFeatures->list.count)
			s->desiredFeatures = NULL;
	}
	if (s->supportedFeatures) {
		s->supportedFeatures->list.count =
			list_remove(s->supportedFeatures->list.array, s->supportedFeatures->list.count, id);
		if (!s->supportedFeatures->list.count)
			s->supportedFeatures = NULL;
	}
	if (!s->neededFeatures && !s->desiredFeatures && !s->supportedFeatures)
		*set = NULL;
}

int feature_add(const struct pdu *p, struct FeatureSet **set, long id)
{
	struct GenericData *f = aper_alloc(p->m, sizeof(*f));

	if (!p->lossless)
		return -EOPNOTSUPP;
	if (feature_has(*set, id))
		return 0;
	if (!*set)
		*set = aper_alloc(p->m, sizeof(**set));
	if (!f || !*set)
		return -ENOMEM;
	if (!(*set)->supportedFeatures)
		(*set)->supportedFeatures = aper_alloc(p->m, sizeof(*(*set)->supportedFeatures));
	if (!(*set)->supportedFeatures)
		return -ENOMEM;
	f->id.present = GenericIdentifier_PR_standard;
	f->id.choice.standard = id;
	return aper_list_add(p->m, &(*set)->supportedFeatures->list, f);
}

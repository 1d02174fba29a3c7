/* Leaks on purpose: leaky.sh checks that the runner would notice. */
#include <criterion/criterion.h>
#include <stdlib.h>

static char *volatile lost;

Test(leaky, loses_memory)
{
	lost = malloc(32);
	lost[0] = 1;
	lost = NULL;
	cr_expect(true);
}

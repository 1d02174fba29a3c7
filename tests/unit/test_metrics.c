#include <criterion/criterion.h>
Test(metrics, x) { cr_expect(1); }

#include <criterion/criterion.h>
Test(log, x) { cr_expect(1); }

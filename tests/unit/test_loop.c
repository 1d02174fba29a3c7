#include <criterion/criterion.h>
Test(loop, x) { cr_expect(1); }

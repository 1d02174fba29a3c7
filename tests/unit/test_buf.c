#include <criterion/criterion.h>
Test(buf, x) { cr_expect(1); }

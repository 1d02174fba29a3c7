#include <criterion/criterion.h>
Test(addr, x) { cr_expect(1); }

#include <criterion/criterion.h>
Test(hash, x) { cr_expect(1); }

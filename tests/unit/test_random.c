#include "random.h"
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define ROWS(list) (sizeof(list) / sizeof(*(list)))

Test(random, below_stays_below)
{
	static const uint32_t row[] = { 1, 2, 3, 10, 1000, 0x80000001u, UINT32_MAX };

	for (size_t i = 0; i < ROWS(row); i++)
		for (int k = 0; k < 1000; k++)
			cr_expect(lt(u32, random_below(row[i]), row[i]), "row %zu", i);
	cr_expect(zero(u32, random_below(0)));
}

Test(random, reaches_every_value)
{
	unsigned hits[10] = { 0 };

	for (int i = 0; i < 10000; i++)
		hits[random_below(10)]++;
	for (int i = 0; i < 10; i++)
		cr_expect(gt(uint, hits[i], 700), "value %d: %u", i, hits[i]);
}

Test(random, lengths)
{
	static const size_t row[] = { 0, 1, 7, 8, 255, 256, 257, 600 };

	for (size_t i = 0; i < ROWS(row); i++) {
		uint8_t a[602], b[602];

		memset(a, 0xaa, sizeof(a));
		memset(b, 0xaa, sizeof(b));
		random_bytes(a + 1, row[i]);
		random_bytes(b + 1, row[i]);
		cr_expect(eq(u8, a[0], 0xaa), "row %zu", i);
		cr_expect(eq(u8, a[row[i] + 1], 0xaa), "row %zu", i);
		if (row[i] >= 7)
			cr_expect(ne(int, memcmp(a, b, sizeof(a)), 0), "row %zu", i);
	}
}

Test(random, child_does_not_repeat_parent)
{
	uint64_t mine, theirs = 0;
	int fd[2];

	random_bytes(&mine, sizeof(mine));
	cr_assert(eq(int, pipe(fd), 0));
	pid_t child = fork();

	if (!child) {
		random_bytes(&mine, sizeof(mine));
		_exit(write(fd[1], &mine, sizeof(mine)) != sizeof(mine));
	}
	waitpid(child, NULL, 0);
	cr_assert(eq(int, (int)read(fd[0], &theirs, sizeof(theirs)), (int)sizeof(theirs)));
	random_bytes(&mine, sizeof(mine));
	cr_expect(ne(u64, mine, theirs));
	close(fd[0]);
	close(fd[1]);
}

Test(random, fake_repeats)
{
	uint8_t a[20], b[20];

	random_fake(5);
	random_bytes(a, sizeof(a));
	random_fake(5);
	random_bytes(b, sizeof(b));
	cr_expect(zero(int, memcmp(a, b, sizeof(a))));
	random_fake(6);
	random_bytes(b, sizeof(b));
	cr_expect(ne(int, memcmp(a, b, sizeof(a)), 0));
}

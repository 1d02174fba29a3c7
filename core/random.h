/* Unpredictable numbers: tokens, ports, hash keys. Any thread. */
#ifndef CORE_RANDOM_H
#define CORE_RANDOM_H

#include <stddef.h>
#include <stdint.h>

void random_bytes(void *out, size_t len); /* getrandom, buffered; aborts if the kernel has none */
uint32_t random_below(uint32_t n);        /* uniform in [0, n); 0 for n 0 */
void random_fake(uint64_t seed);          /* tests: repeatable from here on, one thread */

#endif

// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * faulty PFN OFFSET BIT: fakes memory with a stuck bit.
 *
 * Maps a page in quarantine at the same time as its test, and keeps one bit of the word
 * at OFFSET at 1 until it is killed. QEMU cannot emulate failing memory.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	const long page = sysconf(_SC_PAGESIZE);
	volatile uint64_t *word;
	char *mem;
	int fd;

	if (argc != 4) {
		fputs("Usage: faulty PFN OFFSET BIT\n", stderr);
		return 2;
	}
	fd = open("/dev/memras", O_RDWR);
	mem = fd < 0 ? MAP_FAILED : mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_SHARED, fd,
					 (off_t)strtoull(argv[1], NULL, 0) * page);
	if (mem == MAP_FAILED) {
		perror("faulty");
		return 1;
	}
	word = (uint64_t *)(mem + strtoul(argv[2], NULL, 0));
	*word |= 1ULL << atoi(argv[3]);
	puts("ready");
	fflush(stdout);
	for (;;)
		*word |= 1ULL << atoi(argv[3]);
}

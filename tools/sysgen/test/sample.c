/* SPDX-License-Identifier: BSD-2-Clause */
/* A program with a section to fill. */
__attribute__((section(".sysgen_test"), used)) unsigned char sysgen_test_section[16] = {0};

int main(void) { return sysgen_test_section[0]; }

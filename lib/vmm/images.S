// SPDX-License-Identifier: BSD-2-Clause
// The guest's images inside a VMM's program. Assembled with -I DIRECTORY, in which stand the files
// kernel, initrd, dtb, cmdline (any may be empty) and guest.inc (.equ guest_vcpus, N). Only that
// directory differs between an example's own guest and one that a user brings to ./run.

#include "guest.inc"

    .macro image name
    .balign 4096                    // so that the image tool may place it without a copy
    .global vmm_image_\name, vmm_image_\name\()_end
vmm_image_\name:
    .incbin "\name"
vmm_image_\name\()_end:
    .endm

    .section .rodata.vmm_images, "a"
    image kernel
    image initrd
    image dtb
    image cmdline                   // text, neither newline nor zero at the end

    .balign 8
    .global vmm_image_vcpus
vmm_image_vcpus:
    .quad guest_vcpus

# SPDX-License-Identifier: BSD-2-Clause
# libvmm for projects that are built by GNU make. Included at the top of a Makefile that has set
#   BUILD_DIR         where everything goes; default: build
#   MICROKIT_BOARD    default: qemu_virt_aarch64; a board of libvmm's, a folder boards/NAME of the project, or
#                     NAME in a folder of LIBVMM_BOARD_PATH (with : between them)
#   MICROKIT_CONFIG   default: debug
#   MICROKIT_SDK      an official SDK; default: picokit, which is built if the board needs it
#   LIBVMM_TOOLCHAIN  default: aarch64-linux-gnu
# it gives functions to be called like $(eval $(call libvmm_program,hello.elf,hello.c)):
#   libvmm_program,NAME.elf,SOURCES[,LIBRARIES]            $(BUILD_DIR)/NAME.elf, of C, C++ and assembler
#   libvmm_guest,NAME.elf,KERNEL,INITRD,CMDLINE[,DTB[,VCPUS]]   the images of the guest in that program
#   libvmm_system,NAME,FILE.system,PROGRAMS                $(BUILD_DIR)/NAME.img, of a system description
#   libvmm_layout,NAME,FILE.layout.xml,PROGRAMS            the same of a layout, with drivers and virtualisers
# and for rules of one's own: LIBVMM_CFLAGS, LIBVMM_CXXFLAGS, LIBVMM_LDFLAGS, libvmm_archives,LIBRARIES,
# LIBVMM_COMPONENTS, LIBVMM_GUEST (the folder with linux, initramfs.cpio and initramfs-virtio.cpio). Libraries are
# the folders of lib/: who names vmm gets all that it stands on.
LIBVMM := $(abspath $(dir $(lastword $(MAKEFILE_LIST)))..)

BUILD_DIR        ?= build
MICROKIT_BOARD   ?= qemu_virt_aarch64
MICROKIT_CONFIG  ?= debug
LIBVMM_TOOLCHAIN ?= aarch64-linux-gnu
LIBVMM_BUILD     := $(BUILD_DIR)/libvmm

# Where things are: in a source tree in build/, else beside this folder.
ifneq ($(wildcard $(LIBVMM)/cmake/installed.cmake),)
LIBVMM_PROGRAMS := $(abspath $(LIBVMM)/../../lib/libvmm/bin)
LIBVMM_SYSGEN   := $(LIBVMM_PROGRAMS)/sysgen
LIBVMM_BOARDGEN := $(LIBVMM_PROGRAMS)/boardgen
LIBVMM_MICROKIT := $(LIBVMM_PROGRAMS)/microkit
LIBVMM_MADE     := $(LIBVMM)/make
LIBVMM_BOARDS   := $(LIBVMM)/generated-boards
LIBVMM_GUEST    := $(LIBVMM)/guest
LIBVMM_SDK      := $(LIBVMM)/sdk
else
LIBVMM_SYSGEN   := $(LIBVMM)/build/host/tools/sysgen/sysgen
LIBVMM_BOARDGEN := $(LIBVMM)/build/host/tools/boardgen/boardgen
LIBVMM_MICROKIT := $(LIBVMM)/build/host/picokit/tool/microkit
LIBVMM_MADE     := $(LIBVMM)/build/host
LIBVMM_BOARDS   := $(LIBVMM)/build/boards
LIBVMM_GUEST    := $(LIBVMM)/build/guest
LIBVMM_SDK      := $(LIBVMM)/build/sdk
endif
ifeq ($(wildcard $(LIBVMM_MADE)/parts.mk),)
$(error libvmm in $(LIBVMM) has not been built: run `./run list` there)
endif

# The board: the project's own is generated here.
LIBVMM_BOARD_FOLDER := $(firstword $(foreach folder,$(subst :, ,$(LIBVMM_BOARD_PATH)) boards $(LIBVMM)/boards,\
    $(patsubst %/board.json,%,$(wildcard $(folder)/$(MICROKIT_BOARD)/board.json))))
ifeq ($(LIBVMM_BOARD_FOLDER),)
$(error There is no board '$(MICROKIT_BOARD)' (MICROKIT_BOARD), neither in LIBVMM_BOARD_PATH and boards/ nor in $(LIBVMM)/boards: \
    $(notdir $(patsubst %/board.json,%,$(wildcard $(LIBVMM)/boards/*/board.json))))
endif
LIBVMM_SDK_HAS := $(wildcard $(LIBVMM_SDK)/board/$(MICROKIT_BOARD)/$(MICROKIT_CONFIG)/lib/libmicrokit.a)
ifneq ($(LIBVMM_BOARD_FOLDER),$(LIBVMM)/boards/$(MICROKIT_BOARD))
LIBVMM_BOARDS  := $(LIBVMM_BUILD)/boards
LIBVMM_SDK_HAS :=
endif
LIBVMM_BOARD := $(LIBVMM_BOARDS)/$(MICROKIT_BOARD)
ifneq ($(words $(MICROKIT_SDK)),0)
ifneq ($(words $(MICROKIT_SDK)),1)
$(error MICROKIT_SDK is '$(MICROKIT_SDK)': make cannot work with blanks in a path; name a symbolic link to it)
endif
ifeq ($(wildcard $(MICROKIT_SDK)/bin/microkit),)
$(error MICROKIT_SDK is $(MICROKIT_SDK): there is no bin/microkit in it; name an unpacked SDK, or leave it out to use picokit)
endif
ifeq ($(filter 2.%,$(file <$(MICROKIT_SDK)/VERSION)),)
$(error The SDK in $(MICROKIT_SDK) has version '$(file <$(MICROKIT_SDK)/VERSION)'; libvmm needs a Microkit SDK 2.x)
endif
else
override MICROKIT_SDK := $(if $(LIBVMM_SDK_HAS),$(LIBVMM_SDK),$(abspath $(LIBVMM_BUILD)/sdk))
endif
MICROKIT_BOARD_DIR := $(MICROKIT_SDK)/board/$(MICROKIT_BOARD)/$(MICROKIT_CONFIG)
MICROKIT_TOOL      ?= $(MICROKIT_SDK)/bin/microkit
LIBVMM_LIBMICROKIT := $(MICROKIT_BOARD_DIR)/lib/libmicrokit.a

# What was made with other settings is made anew: no file that it depends on is newer for that.
LIBVMM_SETTINGS := $(LIBVMM_BUILD)/settings
libvmm_settings := $(MICROKIT_BOARD) $(MICROKIT_CONFIG) $(abspath $(MICROKIT_SDK)) $(LIBVMM_TOOLCHAIN)
ifneq ($(file <$(LIBVMM_SETTINGS)),$(libvmm_settings))
$(shell mkdir -p $(LIBVMM_BUILD))
$(file >$(LIBVMM_SETTINGS),$(libvmm_settings))
endif
# After `clean` in the same call.
$(LIBVMM_SETTINGS):
	@mkdir -p $(@D)
	@echo '$(libvmm_settings)' > $@

# all is the first target of whoever includes this.
.DEFAULT_GOAL := all
.DELETE_ON_ERROR:

libvmm_flags = $(shell sed -n 's/^$(1) //p' $(LIBVMM)/cmake/target.flags)
LIBVMM_INCLUDES := $(addprefix -I,$(wildcard $(LIBVMM)/lib/*/include) $(LIBVMM_BOARD) $(LIBVMM)/components \
    $(LIBVMM)/components/drivers/virtio $(LIBVMM)/components/virtualisers/net/link) \
    -isystem $(MICROKIT_BOARD_DIR)/include
LIBVMM_CFLAGS   := -std=gnu11 -O2 -g $(call libvmm_flags,ALL) $(LIBVMM_INCLUDES)
LIBVMM_CXXFLAGS := -std=gnu++23 -O2 -g $(call libvmm_flags,ALL) $(call libvmm_flags,CXX) $(LIBVMM_INCLUDES)
LIBVMM_ASFLAGS  := $(call libvmm_flags,ASM)
LIBVMM_LDFLAGS  := $(call libvmm_flags,LINK) -L$(MICROKIT_BOARD_DIR)/lib -Tmicrokit.ld
LIBVMM_COMPONENTS :=

# libvmm_object,FILE   where the object of a source goes: those of libvmm apart from the project's.
libvmm_object = $(if $(filter $(LIBVMM)/%,$(abspath $(1))),$(patsubst $(LIBVMM)/%,$(LIBVMM_BUILD)/objects/%.o,$(abspath \
    $(1))),$(BUILD_DIR)/objects/$(subst ../,up/,$(1)).o)
libvmm_objects = $(foreach source,$(1),$(call libvmm_object,$(source)))
libvmm_compile.c   = $(LIBVMM_TOOLCHAIN)-gcc $(LIBVMM_CFLAGS) $(CFLAGS)
libvmm_compile.cpp = $(LIBVMM_TOOLCHAIN)-g++ $(LIBVMM_CXXFLAGS) $(CXXFLAGS)
libvmm_compile.S   = $(LIBVMM_TOOLCHAIN)-gcc $(LIBVMM_ASFLAGS) $(ASFLAGS)

# libvmm_compiled,SOURCE   the rule for one object, once.
define libvmm_compiled
ifndef libvmm_made_$(call libvmm_object,$(1))
libvmm_made_$(call libvmm_object,$(1)) := yes
$(call libvmm_object,$(1)): $(1) $(LIBVMM_SETTINGS) | $(LIBVMM_LIBMICROKIT) $(LIBVMM_BOARD)/board/board.hpp
	@mkdir -p $$(@D)
	$$(libvmm_compile$(suffix $(1))) $$(LIBVMM_EXTRA) -MMD -MP -c $$< -o $$@
-include $(patsubst %.o,%.d,$(call libvmm_object,$(1)))
endif
endef

# libvmm_archives,LIBRARIES   the archives of these and of what they stand on.
libvmm_all = $(sort $(1) $(foreach library,$(1),$(if $(libvmm_needs_$(library)),$(call \
    libvmm_all,$(libvmm_needs_$(library))))))
libvmm_archives = $(patsubst %,$(LIBVMM_BUILD)/lib/%.a,$(filter $(LIBVMM_LIBRARIES),$(call libvmm_all,$(1))))

# libvmm_link,FILE,OBJECTS,LIBRARIES
define libvmm_link
$(1): $(2) $(call libvmm_archives,$(3)) $(LIBVMM_LIBMICROKIT)
	@mkdir -p $$(@D)
	$(LIBVMM_TOOLCHAIN)-g++ $(LIBVMM_LDFLAGS) $$(LDFLAGS) $$(filter %.o,$$^) \
	    -Wl,--start-group $(call libvmm_archives,$(3)) -lmicrokit -Wl,--end-group -o $$@
endef

define libvmm_program
$(foreach source,$(strip $(2)),$(eval $(call libvmm_compiled,$(source))))
$(eval $(call libvmm_link,$(BUILD_DIR)/$(strip $(1)),$(call libvmm_objects,$(strip $(2))),$(strip $(3))))
endef

# The lines of parts.mk: libvmm_library,NAME,LIBRARIES and libvmm_component,NAME.elf,SOURCES,LIBRARIES
define libvmm_archive_rules
$(foreach source,$(2),$(eval $(call libvmm_compiled,$(source))))
$(LIBVMM_BUILD)/lib/$(1).a: $(call libvmm_objects,$(2))
	@mkdir -p $$(@D)
	rm -f $$@
	$(LIBVMM_TOOLCHAIN)-ar rcs $$@ $$^
LIBVMM_LIBRARIES += $(1)
endef
define libvmm_library
$(eval libvmm_needs_$(1) := $(2))
$(eval libvmm_sources := $(filter-out %/crc32_table.cpp,$(foreach kind,c cpp S,$(wildcard $(LIBVMM)/lib/$(1)/src/*.$(kind)))))
$(if $(libvmm_sources),$(eval $(call libvmm_archive_rules,$(1),$(libvmm_sources))))
endef
define libvmm_component
$(foreach source,$(2),$(eval $(call libvmm_compiled,$(LIBVMM)/$(source))))
$(eval $(call libvmm_link,$(LIBVMM_BUILD)/components/$(1),$(call libvmm_objects,$(addprefix $(LIBVMM)/,$(2))),$(3)))
$(eval LIBVMM_COMPONENTS += $(LIBVMM_BUILD)/components/$(1))
endef
LIBVMM_LIBRARIES :=
$(eval $(call libvmm_archive_rules,virtio_driver,$(wildcard $(LIBVMM)/components/drivers/virtio/*.cpp)))
libvmm_needs_uart_driver := sddf microkit arch base
include $(LIBVMM_MADE)/parts.mk
$(call libvmm_object,$(LIBVMM)/lib/base/src/memory.c): LIBVMM_EXTRA := -fno-builtin -fno-tree-loop-distribute-patterns

# The images of a guest are assembled from a folder of links.
define libvmm_guest
$(eval $(call libvmm_guest_rules,$(strip $(1)),$(strip $(2)),$(strip $(3)),$(4),$(strip $(5)),$(or $(strip $(6)),1)))
endef
define libvmm_guest_rules
$(BUILD_DIR)/$(1): $(BUILD_DIR)/$(1).guest/images.o
$(BUILD_DIR)/$(1).guest/images.o: $(LIBVMM)/lib/vmm/images.S $(2) $(3) $(5) $(firstword $(MAKEFILE_LIST))
	@mkdir -p $$(@D)
	ln -sf $(abspath $(2)) $$(@D)/kernel
	$(if $(3),ln -sf $(abspath $(3)),: >) $$(@D)/initrd
	$(if $(5),ln -sf $(abspath $(5)),: >) $$(@D)/dtb
	printf %s '$(4)' > $$(@D)/cmdline
	echo '.equ guest_vcpus, $(6)' > $$(@D)/guest.inc
	$(LIBVMM_TOOLCHAIN)-gcc $(LIBVMM_ASFLAGS) -I$$(@D) -c $$< -o $$@
endef

# libvmm_image,NAME,SYSTEM,SEARCH,DEPENDS
define libvmm_image
all: $(BUILD_DIR)/$(1).img
$(BUILD_DIR)/$(1).img: $(2) $(4) $(LIBVMM_SETTINGS) $(wildcard $(MICROKIT_BOARD_DIR)/elf/*.elf)
	MICROKIT_SDK=$(MICROKIT_SDK) $(MICROKIT_TOOL) $$< --search-path $(3) $(BUILD_DIR) \
	    --board $(MICROKIT_BOARD) --config $(MICROKIT_CONFIG) -o $$@ -r $(BUILD_DIR)/$(1).report.txt
endef
define libvmm_system
$(eval $(call libvmm_image,$(strip $(1)),$(strip $(2)),$(dir $(strip $(2))) $(LIBVMM_BUILD)/components,$(addprefix \
    $(BUILD_DIR)/,$(filter-out $(notdir $(LIBVMM_COMPONENTS)),$(3))) $(addprefix \
    $(LIBVMM_BUILD)/components/,$(filter $(notdir $(LIBVMM_COMPONENTS)),$(3)))))
endef
define libvmm_layout
$(eval $(call libvmm_layout_rules,$(strip $(1)),$(strip $(2)),$(addprefix $(BUILD_DIR)/,$(3))))
$(eval $(call libvmm_image,$(strip $(1)),$(BUILD_DIR)/$(strip $(1)).layout/$(strip \
    $(1)).system,$(BUILD_DIR)/$(strip $(1)).layout $(LIBVMM_BUILD)/components,))
endef
libvmm_sysgen = $(LIBVMM_SYSGEN) $(1) --board $(LIBVMM_BOARD_FOLDER)/board.json --dtb $(LIBVMM_BOARD)/board.dtb \
    --drivers $(LIBVMM)/components/drivers
# libvmm_components_of,IMAGES   those of components/ among a layout's programs; all, if something has to be made
# before sysgen can say which. None where it refuses the layout, which then ends the build at once.
libvmm_components_of = $(if $(findstring cannot be read,$(1)),$(LIBVMM_COMPONENTS),$(if $(filter error:,$(1)),,$(filter \
    $(addprefix %/,$(1)),$(LIBVMM_COMPONENTS))))
define libvmm_layout_rules
$(BUILD_DIR)/$(1).layout/$(1).system: $(2) $(3) $(call libvmm_components_of,$(shell $(call \
    libvmm_sysgen,$(2)) --programs 2>&1)) $(LIBVMM_SYSGEN) | $(LIBVMM_BOARD)/board.dtb
	$(call libvmm_sysgen,$$<) --name $(1) --search-path $(BUILD_DIR) $(LIBVMM_BUILD)/components -o $$(@D)
endef

# What libvmm does not have ready: a board of the project's own, and picokit for it.
ifneq ($(LIBVMM_BOARD_FOLDER),$(LIBVMM)/boards/$(MICROKIT_BOARD))
$(LIBVMM_BOARD)/board.dtb: $(LIBVMM_BOARD_FOLDER)/board.dts
	@mkdir -p $(@D)
	dtc -q -I dts -O dtb -o $@ $<
$(LIBVMM_BOARD)/board/board.hpp: $(LIBVMM_BOARD)/board.dtb $(LIBVMM_BOARD_FOLDER)/board.json
	$(LIBVMM_BOARDGEN) --dtb $< --json $(LIBVMM_BOARD_FOLDER)/board.json -o $(LIBVMM_BOARD)
	touch $@
endif
ifeq ($(MICROKIT_SDK),$(abspath $(LIBVMM_BUILD)/sdk))
$(LIBVMM_LIBMICROKIT): $(LIBVMM_BOARD)/board/board.hpp
	@mkdir -p $(LIBVMM_BUILD)
	cmake -S $(LIBVMM)/picokit -B $(LIBVMM_BUILD)/picokit -D CMAKE_TOOLCHAIN_FILE=$(LIBVMM)/cmake/aarch64.cmake \
	    -D PICOKIT_BOARD=$(MICROKIT_BOARD) -D PICOKIT_CONFIG=$(MICROKIT_CONFIG) -D PICOKIT_SDK=$(MICROKIT_SDK) \
	    -D PICOKIT_TOOL=$(LIBVMM_MICROKIT) -D VMM_BOARDS_DIR=$(abspath $(LIBVMM_BOARDS)) -D LIBVMM_STRICT=OFF \
	    -D VMM_TOOLCHAIN_PREFIX=$(LIBVMM_TOOLCHAIN)- > $(LIBVMM_BUILD)/picokit.log
	cmake --build $(LIBVMM_BUILD)/picokit >> $(LIBVMM_BUILD)/picokit.log
	touch -c $@
else ifeq ($(wildcard $(LIBVMM_LIBMICROKIT)),)
$(error The SDK in $(MICROKIT_SDK) has no board '$(MICROKIT_BOARD)' with configuration '$(MICROKIT_CONFIG)'. It has: \
    $(patsubst $(MICROKIT_SDK)/board/%/lib/libmicrokit.a,%,$(wildcard $(MICROKIT_SDK)/board/*/*/lib/libmicrokit.a)))
endif

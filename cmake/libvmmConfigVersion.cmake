# SPDX-License-Identifier: BSD-2-Clause
# libvmm's version, for find_package(libvmm 0.1) and for the project itself. Before 1.0 a minor version may
# break what was built on the one before.
set(PACKAGE_VERSION 0.1.0)
if(DEFINED PACKAGE_FIND_VERSION AND NOT PACKAGE_FIND_VERSION STREQUAL "")
    set(PACKAGE_VERSION_COMPATIBLE FALSE)
    if(PACKAGE_FIND_VERSION_MAJOR EQUAL 0 AND PACKAGE_FIND_VERSION_MINOR EQUAL 1
       AND PACKAGE_FIND_VERSION VERSION_LESS_EQUAL PACKAGE_VERSION)
        set(PACKAGE_VERSION_COMPATIBLE TRUE)
    endif()
    if(PACKAGE_FIND_VERSION VERSION_EQUAL PACKAGE_VERSION)
        set(PACKAGE_VERSION_EXACT TRUE)
    endif()
endif()

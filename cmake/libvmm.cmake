# SPDX-License-Identifier: BSD-2-Clause
# The functions that every folder's CMakeLists.txt is written with.
include(${CMAKE_CURRENT_LIST_DIR}/places.cmake)

set(CMAKE_CXX_STANDARD 23)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS ON) # statement expressions (TRY)
set(CMAKE_C_STANDARD 11)

# ./run and ./test compile several sources of a tool or a test as one (CMAKE_UNITY_BUILD): half the time, for
# what is compiled most is the headers. Libraries stay as they are, for tests link parts of them.

# Warnings end the build of the project itself only: a user's compiler may know others.
add_library(vmm_warnings INTERFACE)
target_compile_options(vmm_warnings INTERFACE
    $<$<BOOL:${LIBVMM_STRICT}>:-Werror> -Wall -Wextra -Wshadow -Wconversion -Wsign-conversion -Wcast-align -Wundef
    -Wno-restrict # GCC 12 sees overlaps inside std::string that are not there (GCC bug 105651)
    $<$<COMPILE_LANGUAGE:CXX>:-Wnon-virtual-dtor -Woverloaded-virtual -Wold-style-cast>)

# vmm_library(NAME SOURCES… [DEPENDS LIB…])   lib/NAME: headers in include/NAME, a static library
# (or an interface library when there is no source), usable on the target and on the host.
function(vmm_library name)
    cmake_parse_arguments(arg "" "" "SOURCES;DEPENDS" ${ARGN})
    set_property(GLOBAL APPEND_STRING PROPERTY VMM_MAKE_RULES
                 "$(eval $(call libvmm_library,${name},${arg_DEPENDS}))\n")
    if(arg_SOURCES)
        add_library(${name} STATIC ${arg_SOURCES})
        set_target_properties(${name} PROPERTIES UNITY_BUILD OFF)
        target_include_directories(${name} PUBLIC ${CMAKE_CURRENT_SOURCE_DIR}/include)
        target_link_libraries(${name} PUBLIC ${arg_DEPENDS} PRIVATE vmm_warnings)
    else()
        add_library(${name} INTERFACE)
        target_include_directories(${name} INTERFACE ${CMAKE_CURRENT_SOURCE_DIR}/include)
        target_link_libraries(${name} INTERFACE ${arg_DEPENDS})
    endif()
endfunction()

# vmm_build_fast(TARGET…)   in a build with tests: without optimisation, because sanitizers make compiling
# header-only libraries (GoogleTest, CLI11, JSON) with it four times as long. What is tested keeps -O1.
function(vmm_build_fast)
    if(BUILD_TESTING AND NOT CMAKE_CROSSCOMPILING)
        foreach(target ${ARGN})
            target_compile_options(${target} PRIVATE -O0)
        endforeach()
    endif()
endfunction()

# vmm_test(NAME [SEPARATE] SOURCES… [DEPENDS LIB…])   a GoogleTest program on the host, under ASan and UBSan.
# SEPARATE: its sources use the same names and cannot be compiled as one. In components/ they are a program
# and, in test/, its tests: only these are compiled as one.
# Does nothing in a build without tests, so that a folder lists them unconditionally.
function(vmm_test name)
    if(CMAKE_CROSSCOMPILING OR NOT BUILD_TESTING)
        return()
    endif()
    cmake_parse_arguments(arg "SEPARATE" "" "SOURCES;DEPENDS" ${ARGN})
    add_executable(${name} ${arg_SOURCES})
    if(arg_SEPARATE)
        set_target_properties(${name} PROPERTIES UNITY_BUILD OFF)
    elseif(CMAKE_CURRENT_SOURCE_DIR MATCHES "^${LIBVMM_ROOT}/components/")
        set_target_properties(${name} PROPERTIES UNITY_BUILD_MODE GROUP)
        list(FILTER arg_SOURCES INCLUDE REGEX "^test/")
        set_source_files_properties(${arg_SOURCES} PROPERTIES UNITY_GROUP tests)
    endif()
    set_target_properties(${name} PROPERTIES UNITY_BUILD_BATCH_SIZE 12) # each batch reads GoogleTest: 5 s
    vmm_build_fast(${name})
    target_link_libraries(${name} PRIVATE ${arg_DEPENDS} vmm_warnings GTest::gtest GTest::gmock GTest::gtest_main)
    gtest_discover_tests(${name} TEST_PREFIX "${name}/" DISCOVERY_TIMEOUT 60)
endfunction()

include(${CMAKE_CURRENT_LIST_DIR}/boards.cmake)

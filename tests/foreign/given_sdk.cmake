# SPDX-License-Identifier: BSD-2-Clause
# cmake -D ROOT=… -D OUT=… -P: what CMake and make projects do with the SDK that MICROKIT_SDK names. Nothing is compiled.
cmake_minimum_required(VERSION 3.25)
set(board qemu_virt_aarch64)

# sdk(NAME VERSION BOARD)   an SDK in OUT/NAME with nothing in it but the names.
function(sdk name version board)
    file(WRITE "${OUT}/${name}/bin/microkit" "")
    file(WRITE "${OUT}/${name}/VERSION" "${version}\n")
    file(WRITE "${OUT}/${name}/board/${board}/debug/lib/libmicrokit.a" "")
endfunction()
file(REMOVE_RECURSE "${OUT}")
sdk(first 2.3.0 ${board})
sdk(second 2.1.0 ${board})
sdk(old 1.4.1 ${board})
sdk(other 2.3.0 toaster)
sdk("with blanks" 2.3.0 ${board})
file(MAKE_DIRECTORY ${OUT}/empty)

file(WRITE ${OUT}/project/CMakeLists.txt [[
cmake_minimum_required(VERSION 3.25)
project(given NONE)
set(CMAKE_CROSSCOMPILING ON)
include(${ROOT}/cmake/product.cmake)
file(WRITE ${CMAKE_BINARY_DIR}/tool "${MICROKIT_TOOL}")
]])
file(WRITE ${OUT}/project/Makefile [[
include $(LIBVMM)/make/libvmm.mk
$(eval $(call libvmm_program,program.elf,program.c))
clean:
	rm -rf build
object:
	@echo $(call libvmm_object,program.c)
]])
file(WRITE ${OUT}/project/program.c "")

# run(COMMAND…)   sets `status` and `errors`, blanks as one.
macro(run)
    execute_process(COMMAND ${ARGN} WORKING_DIRECTORY ${OUT}/project RESULT_VARIABLE status
                    OUTPUT_VARIABLE errors ERROR_VARIABLE errors)
    string(REGEX REPLACE "[ \n]+" " " errors "${errors}")
endmacro()
macro(run_cmake sdk)
    run(${CMAKE_COMMAND} -B build -D ROOT=${ROOT} "-DMICROKIT_SDK=${sdk}" -D MICROKIT_BOARD=${board}
        -D MICROKIT_CONFIG=debug)
endmacro()
macro(run_make sdk target)
    run(${CMAKE_COMMAND} -E env --unset=MAKEFLAGS make -q ${target} LIBVMM=${ROOT} "MICROKIT_SDK=${sdk}" MICROKIT_BOARD=${board})
endmacro()
macro(expect what value)
    if(NOT "${value}" MATCHES "${ARGN}")
        message(SEND_ERROR "${what}: '${ARGN}' is expected, not '${value}'")
    endif()
endmacro()

# What will not do is said by both in the same words.
foreach(case "${OUT}/nowhere=there is no bin/microkit in it" "${OUT}/empty=there is no bin/microkit in it"
             "${OUT}/old=has version '1.4.1'. libvmm needs a Microkit SDK 2.x"
             "${OUT}/other=has no board '${board}' with configuration 'debug'. It has: toaster/debug")
    string(REGEX MATCH "(.*)=(.*)" _ "${case}")
    run_cmake("${CMAKE_MATCH_1}")
    expect("CMake, ${CMAKE_MATCH_1}" "${errors}" "${CMAKE_MATCH_2}")
    string(REGEX MATCH "(.*)=(.*)" _ "${case}")
    run_make("${CMAKE_MATCH_1}" all)
    expect("make, ${CMAKE_MATCH_1}" "${errors}" "${CMAKE_MATCH_2}")
endforeach()
run_make("${OUT}/with blanks" all)
expect("make, blanks" "${errors}" "make cannot work with blanks in a path")

# The tool is that of the SDK, also when the SDK becomes another one.
foreach(name first "with blanks" second)
    run_cmake("${OUT}/${name}")
    expect("CMake, ${name}" "${status}" "^0$")
    file(READ ${OUT}/project/build/tool tool)
    if(NOT tool STREQUAL "${OUT}/${name}/bin/microkit")
        message(SEND_ERROR "the tool of the SDK '${name}' is ${tool}")
    endif()
endforeach()

# What make has made for one SDK is not good for another: 0 is up to date, 1 is not.
execute_process(COMMAND ${CMAKE_COMMAND} -E env --unset=MAKEFLAGS make -s object LIBVMM=${ROOT} MICROKIT_SDK=${OUT}/first
                WORKING_DIRECTORY ${OUT}/project
                OUTPUT_VARIABLE object OUTPUT_STRIP_TRAILING_WHITESPACE)
run_make(${OUT}/first ${object})
expect("make, no object yet" "${status}" "^1$")
file(WRITE ${OUT}/project/${object} "")
run_make(${OUT}/first ${object})
expect("make, the same SDK" "${status}" "^0$")
execute_process(COMMAND ${CMAKE_COMMAND} -E sleep 0.05) # the clock of files may be coarse
run_make(../second ${object})
expect("make, another SDK" "${status}" "^1$")

# `make clean all`: what is looked at first is gone when it is needed.
run(${CMAKE_COMMAND} -E env --unset=MAKEFLAGS make clean build/libvmm/settings LIBVMM=${ROOT} MICROKIT_SDK=${OUT}/first)
expect("make clean, then what needs the settings" "${status}" "^0$")

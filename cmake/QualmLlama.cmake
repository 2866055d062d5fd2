# The target qualm_llama: libllama and libggml, wherever they are.
#
# 1. A package `llama` that CMake finds (the distribution's, Homebrew's, the user's own build through
#    CMAKE_PREFIX_PATH).
# 2. The folder that tools/setup.sh makes on a distribution without one. It holds a C library newer
#    than the system's, so programs are linked to run under that folder's own loader. libllama has a
#    RUNPATH, which hides ours from its dependencies: each library must be named by the program itself.
add_library(qualm_llama INTERFACE)

find_package(llama CONFIG QUIET)
if(llama_FOUND)
  find_package(ggml CONFIG REQUIRED)
  target_link_libraries(qualm_llama INTERFACE llama ggml::ggml)
  # In a folder of its own libllama's dependencies (libggml-cpu) are found through the program's
  # RPATH, not through a RUNPATH.
  target_link_options(qualm_llama INTERFACE
                      $<$<PLATFORM_ID:Linux>:-Wl,--disable-new-dtags>)
  set(CMAKE_INSTALL_RPATH_USE_LINK_PATH ON)
  return()
endif()

if(DEFINED ENV{XDG_CACHE_HOME})
  set(cache $ENV{XDG_CACHE_HOME})
else()
  set(cache $ENV{HOME}/.cache)
endif()
set(QUALM_SYSROOT ${cache}/qualm/sysroot/current CACHE PATH "libllama as tools/setup.sh brought it")
file(REAL_PATH ${QUALM_SYSROOT} sysroot)
file(GLOB libllama ${sysroot}/usr/lib/*/libllama.so)
if(NOT libllama)
  message(FATAL_ERROR "No libllama: neither a CMake package 'llama' (install libllama-dev >= 0.7 or set "
                      "CMAKE_PREFIX_PATH) nor ${QUALM_SYSROOT} (run tools/setup.sh).")
endif()
get_filename_component(libs ${libllama} DIRECTORY)
file(GLOB loader ${libs}/ld-linux-*.so.*)

target_include_directories(qualm_llama SYSTEM INTERFACE ${sysroot}/usr/include)
set(QUALM_GGML_BACKENDS ${libs}/ggml/backends0)
target_compile_definitions(qualm_llama INTERFACE QUALM_GGML_BACKENDS="${QUALM_GGML_BACKENDS}")
target_link_options(qualm_llama INTERFACE
  -Wl,--dynamic-linker=${loader} -Wl,-rpath,${libs} -Wl,--disable-new-dtags -Wl,--allow-shlib-undefined)
target_link_libraries(qualm_llama INTERFACE
  -Wl,--push-state,--no-as-needed ${libs}/libllama.so ${libs}/libggml.so ${libs}/libggml-base.so
  -lm -lgcc_s ${libs}/libgomp.so.1 -Wl,--pop-state)

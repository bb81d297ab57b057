/* SPDX-License-Identifier: MIT */
#include "base/terminal.h"

#include "base/utf8.h"

#include <locale.h>
#include <pthread.h>
#include <stdbool.h>
#include <sys/ioctl.h>
#include <wchar.h>
#ifdef __APPLE__
#include <xlocale.h>
#endif

unsigned terminal_columns(int descriptor) {
  struct winsize size;
  return ioctl(descriptor, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

/* wcwidth knows only the characters of the thread's locale, and the host may have left that at "C". */
static locale_t any_script;

static void open_locale(void) {
  any_script = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
}

/* The character that `length` bytes of UTF-8 stand for. */
static wchar_t decode(const char *text, size_t length) {
  static const unsigned char first_bits[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
  unsigned long character = (unsigned char)text[0] & first_bits[length];
  for (size_t i = 1; i < length; i++) character = character << 6 | ((unsigned char)text[i] & 0x3f);
  return (wchar_t)character;
}

static size_t add_columns(const char *text, size_t length) {
  size_t columns = 0;
  for (size_t at = 0; at < length;) {
    bool is_valid;
    size_t size = utf8_sequence(text + at, length - at, &is_valid);
    int width = is_valid ? wcwidth(decode(text + at, size)) : -1;
    columns += width >= 0 ? (size_t)width : is_valid ? 1 : size;
    at += size;
  }
  return columns;
}

size_t terminal_text_columns(const char *text, size_t length) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  locale_t before;
  size_t columns;
  pthread_once(&once, open_locale);
  before = any_script ? uselocale(any_script) : (locale_t)0;
  columns = add_columns(text, length);
  if (before) uselocale(before);
  return columns;
}

// The compiled part of Asio and Beast, apart so that server.cpp compiles quickly.

#include <utility>  // before Asio, which forgets it

#include <boost/asio/impl/src.hpp>
#include <boost/beast/src.hpp>

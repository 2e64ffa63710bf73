// As asio_impl.cpp, for TLS: whoever uses none of it does not link it.
#include <boost/asio/ssl/impl/src.hpp>
